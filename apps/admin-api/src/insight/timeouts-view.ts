import {
  addTo,
  bucketEdges,
  type ClockworkShare,
  type CountKind,
  type CountsStore,
  clockworkShare,
  type Evidence,
  type Figure,
  funnelOf,
  noCounts,
  sumOf,
  totalCounts,
  valleyOf,
} from '@curfew/insight';
import {
  cutAtWorkPerDay,
  cutsPerVisit,
  cutWhileWorking,
  exposurePerDay,
  gaveUpPerVisit,
  signInsPerPersonDay,
  signInsPerVisit,
} from '@curfew/insight/figures';
import { type FoundEvidence, rankedSince } from './insight-question.js';

/** Clients whose background refreshes are told. */
const maxClients = 20;
/** A smaller share is not worth a change. */
const worthTelling = 0.02;

/** Figures of visits under a timeout: the one in force, or a candidate in seconds. */
export function visitFigures(evidence: Evidence, days: number, candidate?: number) {
  return {
    cuts_per_visit: evidence.estimate(cutsPerVisit(candidate)),
    sign_ins_again_per_visit: evidence.estimate(signInsPerVisit(candidate)),
    sign_ins_again_per_person_day: evidence.estimate(signInsPerPersonDay(candidate)),
    gave_up_per_visit: evidence.estimate(gaveUpPerVisit(candidate), { least: 0, most: 1 }),
    cut_at_work_per_day: evidence.estimate(cutAtWorkPerDay(days, candidate)),
    exposure_hours_per_day: evidence.estimate(exposurePerDay(days, candidate)),
  };
}

/** The curve of silences and what follows from it. */
export function timeoutsOnWire({ evidence, counts: { days } }: FoundEvidence) {
  const total = totalCounts(evidence.all);
  return {
    curve: bucketEdges
      .map((from, bucket) => ({
        from_seconds: from,
        to_seconds: bucketEdges[bucket + 1] ?? null,
        returned: total.returned[bucket]!,
        came_back: total.back[bucket]!,
      }))
      .filter(({ returned, came_back: cameBack }) => returned + cameBack > 0),
    valley: valleyOf(total) ?? null,
    in_force: visitFigures(evidence, days),
    cut_while_working: evidence.estimate(cutWhileWorking, { least: 0, most: 1 }),
    funnel: funnelOf(total).map(({ withinSeconds, ...steps }) => ({
      within_seconds: withinSeconds,
      ...roundedSteps(steps),
    })),
  };
}

const roundedSteps = <Name extends string>(steps: Readonly<Record<Name, number>>) =>
  Object.fromEntries(Object.entries<number>(steps).map(([name, count]) => [name, Math.round(count)]));

/** Silences that clients end in the background, over all and by client. */
export async function lowValueOf({ evidence, question }: FoundEvidence, store: CountsStore) {
  const { clientIds, to, policy } = question;
  const { accessTokenLifetime } = policy;
  const returnedOf = (groups: Parameters<Figure>[0], kind: CountKind = 'returned') => {
    const sum = noCounts()[kind];
    for (const { counts } of groups) addTo(sum, counts[kind]);
    return sum;
  };
  const share: Figure = (groups) => clockworkShare(returnedOf(groups), accessTokenLifetime).share;
  const clients = (await store.returnedByClient(rankedSince(question), to)).filter(
    ({ clientId }) => clientIds === undefined || clientIds.includes(clientId),
  );
  return {
    share: evidence.estimate(share, { least: 0, most: 1 }),
    at_seconds: clockworkShare(returnedOf(evidence.all), accessTokenLifetime).at,
    by_client: clients
      .map(({ clientId, returned }) => {
        const found = clockworkShare(returned, accessTokenLifetime);
        return {
          client_id: clientId,
          silences: sumOf(returned),
          share: found.share,
          at_seconds: found.at,
          advice: adviceOn(found),
        };
      })
      .sort((a, b) => b.share * b.silences - a.share * a.silences)
      .slice(0, maxClients),
  };
}

const adviceOn = ({ share, at }: ClockworkShare): string =>
  share < worthTelling
    ? 'Nothing to do.'
    : `About every ${Math.round(at)} seconds this client refreshes without a person. Under a policy that counts use alone as activity a refresh keeps nothing alive; mark the gateway route of its background requests as passive, or send X-Session-Activity: passive with them.`;
