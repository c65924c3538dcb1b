import { clockworkShare, comparedArms, Evidence, giveUpFrom, totalCounts } from '@curfew/insight';
import { exposurePerDay, signInsPerVisit } from '@curfew/insight/figures';
import { exposureHoursOf, intendedVisits, livedUnder } from './people.mjs';

/*
 * What the product tells from what it has counted, beside the truth. What really happened under another timeout is told from the same people
 * doing the same work; whether an interval holds, from many more people of the same kind, because an interval is about the kind.
 */
const minutes = (count) => count * 60;
/** Timeouts that are tried, each with the error that is allowed. */
const bars = [
  { candidate: minutes(5), bar: 0.2 },
  { candidate: minutes(15), bar: 0.1 },
  { candidate: minutes(20), bar: 0.1 },
  { candidate: minutes(30), bar: 0.1 },
  { candidate: minutes(45), bar: 0.1 },
  { candidate: minutes(60), bar: 0.1 },
];
const cells = [minutes(5), minutes(10), minutes(15), minutes(45), minutes(60)];
const maxExposureError = 0.05;
const maxShareError = 0.03;
const leastCoverage = 0.9;
/** People of one kind who tell the truth about it. */
const manyPeople = 2_000;

/** What becomes of people under a timeout. */
function outcomeOf(truth, timeout) {
  const sums = { visits: 0, signedInAgain: 0, exposureHours: 0 };
  for (const { visits } of intendedVisits(truth))
    for (const visit of visits) {
      const steps = livedUnder(visit, timeout, truth.giveUpShare);
      sums.visits += 1;
      sums.signedInAgain += steps.filter(({ kind }) => kind === 'came back').length;
      sums.exposureHours += exposureHoursOf(steps, timeout);
    }
  return sums;
}

/** Silences that a clock ended, of all that ended by activity. */
function clockworkOf(truth, timeout) {
  const returned = [...intendedVisits(truth)].flatMap(({ visits }) =>
    visits.flatMap((visit) =>
      livedUnder(visit, timeout, truth.giveUpShare).filter(({ kind }) => kind === 'returned'),
    ),
  );
  return returned.filter(({ byClock }) => byClock).length / returned.length;
}

const off = (told, really) => told / really - 1;
const measured = (share) => ({ low: share, high: share, isMeasured: true });

const evidenceOf = (counted) =>
  counted.map(({ groups, days, truth }) => ({
    truth,
    days,
    evidence: new Evidence(groups, measured(truth.giveUpShare)),
  }));

/** How many intervals hold the truth; `counted` has the counts of each client beside its truth. */
export const coverageOf = (counted) => coverageRow(evidenceOf(counted));

/** How many intervals of the share of people who give up hold the truth, where a canary measures it; `counted` has the arms of each client. */
export function giveUpCoverageOf(counted) {
  const held = counted.map(({ arms, truth: { giveUpShare } }) => {
    const compared = comparedArms(arms);
    if (compared === undefined) return false;
    const { low, high } = giveUpFrom(compared).interval;
    return low <= giveUpShare && giveUpShare <= high;
  });
  return heldRow(`measured shares of people who give up that hold the truth, of ${held.length}`, held);
}

/** Every figure that has a bar; with the arms of a canary, also the share of people who give up. */
export function judge(counted, inForce, accessTokenLifetime) {
  const clients = evidenceOf(counted);
  const hasCanary = counted.some(({ arms }) => arms.length > 1);
  return [
    ...bars.map((one) => signInsRow(clients, one)),
    ...bars.map((one) => exposureRow(clients, one)),
    coverageRow(clients),
    ...(hasCanary ? [giveUpCoverageOf(counted)] : []),
    ...clients.flatMap((client) => clockworkRow(client, inForce, accessTokenLifetime)),
  ];
}

function signInsRow(clients, { candidate, bar }) {
  const told = clients.reduce(
    (sum, { evidence }) => sum + evidence.estimate(signInsPerVisit(candidate)).value * evidence.visits,
    0,
  );
  const really = clients.reduce((sum, { truth }) => sum + outcomeOf(truth, candidate).signedInAgain, 0);
  return row(`sign-ins again under ${candidate / 60} min`, told, really, bar);
}

function exposureRow(clients, { candidate }) {
  const told = clients.reduce(
    (sum, { evidence, days }) => sum + evidence.estimate(exposurePerDay(days, candidate)).value * days,
    0,
  );
  const really = clients.reduce((sum, { truth }) => sum + outcomeOf(truth, candidate).exposureHours, 0);
  return row(`unattended hours under ${candidate / 60} min`, told, really, maxExposureError);
}

const row = (figure, told, really, bar) => ({
  figure,
  told,
  really,
  error: off(told, really),
  bar,
  holds: Math.abs(off(told, really)) <= bar,
});

function coverageRow(clients) {
  const held = clients.flatMap(({ truth, evidence }) =>
    cells.map((candidate) => {
      const { signedInAgain, visits } = outcomeOf(
        { ...truth, people: manyPeople, seed: truth.seed + 50 },
        candidate,
      );
      const { low, high } = evidence.estimate(signInsPerVisit(candidate));
      return low <= signedInAgain / visits && signedInAgain / visits <= high;
    }),
  );
  return heldRow(`intervals that hold the truth, of ${held.length} cells`, held);
}

function heldRow(figure, held) {
  const share = held.filter(Boolean).length / held.length;
  return {
    figure,
    told: share,
    really: 0.95,
    error: share - 0.95,
    bar: leastCoverage,
    holds: share >= leastCoverage,
  };
}

function clockworkRow({ truth, evidence }, inForce, accessTokenLifetime) {
  const told = clockworkShare(totalCounts(evidence.all).returned, accessTokenLifetime).share;
  const really = truth.clockwork ? clockworkOf(truth, inForce) : 0;
  return {
    figure: `low-value share, ${truth.clockwork?.share ?? 0} planted`,
    told,
    really,
    error: told - really,
    bar: maxShareError,
    holds: Math.abs(told - really) <= maxShareError,
  };
}
