import { randomFrom } from '../../libs/session-policy/test/random-from.mjs';

/*
 * A population whose truth is known. What a person intends is drawn once: when a visit begins, how long it is meant to be, how long each
 * silence in it lasts, and how patient the person is at each of them. A timeout decides only what becomes of it; so two timeouts can be
 * compared on the same people doing the same work.
 */

// Taken once: in the realm of a test each look at `Math` costs more than what it does.
const { cos, exp, floor, log, max, min, PI, round, sqrt } = Math;

const normal = (random) => sqrt(-2 * log(1 - random())) * cos(2 * PI * random());
const logNormal = (random, median, spread) => median * exp(spread * normal(random));

const hour = 3_600;
/** People begin between eight and noon; with a later begin, evenings would run into the next day's visits. */
const firstHour = 8;
const hoursToBegin = 4;

/** Work, reading, and interruptions: silences are a mixture of log-normals, scaled by a factor of each person. */
function silenceOf(random, factor, clockwork) {
  const byClock = clockwork !== undefined && random() < clockwork.share;
  const length = byClock ? clockwork.every * (0.98 + random() * 0.04) : factor * humanSilence(random);
  // Instants are in milliseconds, and no two activities fall into one.
  return { length: max(1, round(length * 1_000)) / 1_000, byClock, patience: random() };
}

function humanSilence(random) {
  const kind = random();
  if (kind < 0.8) return logNormal(random, 40, 1);
  return kind < 0.96 ? logNormal(random, 300, 0.8) : logNormal(random, 2_400, 0.8);
}

function visitOf(random, factor, { clockwork }) {
  const startsAt = (firstHour + random() * hoursToBegin) * hour;
  const intended = logNormal(random, 7_200, 0.6);
  const silences = [];
  for (let at = 0; ; ) {
    const silence = silenceOf(random, factor, clockwork);
    at += silence.length;
    if (at > intended) return { startsAt, silences };
    silences.push(silence);
  }
}

/** For each person and day, the visits they intend. */
export function* intendedVisits(truth) {
  const random = randomFrom(truth.seed);
  const { people, days, visitShare } = truth;
  for (let person = 0; person < people; person += 1) {
    const factor = logNormal(random, 1, 0.3);
    for (let day = 0; day < days; day += 1) {
      const count = visitShare === undefined ? 1 + floor(random() * 2) : Number(random() < visitShare);
      yield { person, day, visits: Array.from({ length: count }, () => visitOf(random, factor, truth)) };
    }
  }
}

/** What becomes of a visit under a timeout: its silences, up to the last activity or to where the person gives up. */
export function livedUnder({ silences }, timeout, giveUpShare) {
  const steps = [];
  for (const { length, byClock, patience } of silences) {
    if (length < timeout) steps.push({ kind: 'returned', length, byClock });
    else if (patience < giveUpShare) return [...steps, { kind: 'gave up', length, byClock }];
    else steps.push({ kind: 'came back', length, byClock });
  }
  return steps;
}

/** What a server counts of a visit under a timeout, as kinds and seconds: at the end of a visit the timeout ends its last session. */
export function* countedOf(steps, timeout) {
  for (const { kind, length } of steps) {
    if (kind === 'returned') yield ['returned', length];
    if (kind !== 'came back') continue;
    yield ['cut', timeout];
    yield ['back', length];
    yield ['resumed', length - timeout];
  }
  yield ['cut', timeout];
}

/** Two minutes without activity are taken for presence. */
const presence = 120;

/** Hours in which the sessions of a visit are alive and nobody has been active for two minutes; its last silence ends by the timeout. */
export function exposureHoursOf(steps, timeout) {
  const lengths = steps.map(({ length }) => length);
  if (steps.at(-1)?.kind !== 'gave up') lengths.push(timeout);
  return lengths.reduce((sum, length) => sum + max(0, min(length, timeout) - presence), 0) / hour;
}
