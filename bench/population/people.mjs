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
const workday = {
  span: { median: 7_200, spread: 0.6 },
  silences: [
    { upTo: 0.8, median: 40, spread: 1 },
    { upTo: 0.96, median: 300, spread: 0.8 },
    { upTo: 1, median: 2_400, spread: 0.8 },
  ],
};

/** Few silences in a visit, and a long one in most of them: as much to tell about timeouts from a tenth of the requests. */
export const seldom = {
  span: { median: 3_600, spread: 0.5 },
  silences: [
    { upTo: 0.25, median: 300, spread: 0.8 },
    { upTo: 1, median: 2_400, spread: 0.4 },
  ],
};

function silenceOf(random, factor, { clockwork, pace = workday }) {
  const byClock = clockwork !== undefined && random() < clockwork.share;
  const length = byClock
    ? clockwork.every * (0.98 + random() * 0.04)
    : factor * humanSilence(random, pace.silences);
  // Instants are in milliseconds, and no two activities fall into one.
  return { length: max(1, round(length * 1_000)) / 1_000, byClock, patience: random() };
}

function humanSilence(random, kinds) {
  const kind = random();
  const { median, spread } = kinds.find(({ upTo }) => kind < upTo);
  return logNormal(random, median, spread);
}

function visitOf(random, factor, truth) {
  const { median, spread } = (truth.pace ?? workday).span;
  const startsAt = (firstHour + random() * hoursToBegin) * hour;
  const intended = logNormal(random, median, spread);
  const silences = [];
  for (let at = 0; ; ) {
    const silence = silenceOf(random, factor, truth);
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

/**
 * What a server counts of a visit while a canary runs: whether a silence reached the shorter timeout of its arms (the last one of every visit does), and
 * how long the first such silence was, where the person came back.
 */
export function* trialCountedOf(steps, shorter) {
  const first = steps.find(({ length }) => length >= shorter);
  yield ['reached', shorter];
  if (first && first.kind !== 'gave up') yield ['rejoined', first.length];
}

/** Two minutes without activity are taken for presence. */
const presence = 120;

/** Hours in which the sessions of a visit are alive and nobody has been active for two minutes; its last silence ends by the timeout. */
export function exposureHoursOf(steps, timeout) {
  const lengths = steps.map(({ length }) => length);
  if (steps.at(-1)?.kind !== 'gave up') lengths.push(timeout);
  return lengths.reduce((sum, length) => sum + max(0, min(length, timeout) - presence), 0) / hour;
}
