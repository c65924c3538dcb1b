import { intendedVisits, seldom } from './people.mjs';

/*
 * Populations under whose policies the service adapts: one that gives no reason to stop, and the ones that must stop it, each for a reason of its own. A
 * policy begins with 30 minutes; the first step is taken after a fortnight.
 */
const inForce = 1_800;
/** The first day of another behaviour, in the middle of the first fortnight. */
const driftsOn = 6;
/** The first day on which nobody works any more where no step is taken: by then it is known. */
const judgedBy = 17;
/** The day of a release, in the middle of the first stage. */
const releasedOn = 16;
/** The rollout has begun, and more people of the population with the regression are at work, so that few days are enough to see it. */
const busyOn = 13;

/** People who work three times as long: they sign in again more often in a day than they did. */
const longer = { ...seldom, span: { median: 10_800, spread: 0.5 } };

/** Programs with the account of a person: as many silences in a day as all the others have. */
const programs = 16;
const busyVisits = (people) =>
  Array.from({ length: programs }, () => ({
    startsAt: 7 * 3_600,
    silences: Array.from({ length: Math.ceil((2 * people) / programs) }, () => ({
      ...{ length: 60, byClock: false, patience: 1 },
    })),
  }));

/** The populations: how they live, and how the service may adapt their policy. `people` of each; the one with the regression has more, so that it can be seen. */
export const adversaries = ({ people, seed }) => {
  const truth = { people, visitShare: 0.7, giveUpShare: 0.1, pace: seldom };
  const of = (name, changes = {}) => ({ name, inForce, truth: { ...truth, seed: seed * 100 }, ...changes });
  return [
    of('calm'),
    of('drift', { until: judgedBy, later: { from: driftsOn, pace: longer } }),
    of('release', { releasedOn }),
    of('one-account', { until: judgedBy, isOneLoud: true }),
    of('regression', {
      truth: { ...truth, people: 3 * people, visitShare: 0.35, giveUpShare: 0.3, seed: seed * 100 + 1 },
      later: { from: busyOn, visitShare: 1 },
      canaryGiveUpShare: 0.6,
    }),
  ];
};

/** For each day the visits that the people of a population intend. */
export function visitsByDay({ truth, later, isOneLoud, until }, days) {
  const plan = Array.from({ length: days }, () => []);
  const take = (changes, isTaken) => {
    for (const { person, day, visits } of intendedVisits({ ...truth, days, ...changes }))
      if (isTaken(day)) for (const visit of visits) plan[day].push({ person, visit });
  };
  const { from = days, ...changes } = later ?? {};
  take({}, (day) => day < from);
  take({ ...changes, seed: truth.seed + 50 }, (day) => day >= from);
  if (isOneLoud)
    for (const visits of plan)
      visits.push(...busyVisits(truth.people).map((visit) => ({ person: 0, visit })));
  return plan.map((visits, day) => (until === undefined || day < until ? visits : []));
}
