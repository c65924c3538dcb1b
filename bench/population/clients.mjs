/*
 * The clients of the population. Each has people of its own, who are as patient and whose application is as restless as its truth says; so each
 * is a population that figures are to hold for.
 */
const giveUpShares = [0.05, 0.1, 0.1, 0.15, 0.15, 0.2, 0.2, 0.25, 0.3, 0.05];
const clockworkShares = [0, 0.1, 0, 0.2, 0, 0, 0.3, 0, 0.05, 0];
/** The application refreshes shortly before its access token expires; the lifetime is that of the profile `standard`. */
const refreshEvery = 570;

/** What is hidden of each client; with more clients than kinds of people, each kind is met at several of them. */
export const truthsOf = ({ people, days, seed, clients = giveUpShares.length }) =>
  Array.from({ length: clients }, (_, index) => {
    const kind = index % giveUpShares.length;
    const clockwork = clockworkShares[kind];
    return {
      people,
      days,
      giveUpShare: giveUpShares[kind],
      visitShare: 0.7,
      seed: seed * 100 + index,
      ...(clockwork > 0 && { clockwork: { share: clockwork, every: refreshEvery } }),
    };
  });
