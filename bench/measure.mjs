import { cpuMilliseconds, cpuMillisecondsOfProgram, residentBytes } from './machine/cpu.mjs';

/*
 * One block: a warm-up that is dropped, then load with the CPU of both process trees read before and after. Wrong
 * answers anywhere, the warm-up included, make the block void.
 */
const warmUpShare = 0.3;

/** Says which answers were wrong; the path that met them gets no number. */
export class WrongAnswers extends Error {}

/** Load of any kind; throws when one answer was wrong. */
export async function load(generator, subject, scenario, amount) {
  const result = await generator.call('run', {
    target: subject.target,
    port: subject.port,
    ...scenario,
    ...amount,
  });
  if (result.wrong > 0) {
    throw new WrongAnswers(
      `${subject.name}: ${result.wrong} of ${result.done} answers were wrong, e.g. ${result.examples.join(' | ')}`,
    );
  }
  if (result.done === 0) throw new WrongAnswers(`${subject.name}: nothing was left to ask`);
  return result;
}

// Servers of ours that stand behind the measured one are part of what an operation costs.
const serverCpu = ({ pid, source }) => cpuMilliseconds(pid) + (source ? cpuMilliseconds(source.pid) : 0);

// Passwords are hashed in a process of their own, so that its part can be told from everything else that an operation costs.
const hashingCpu = ({ pid }) => cpuMillisecondsOfProgram(pid, 'hashing-main.js');

/** Closed loop: CPU per operation and throughput at saturation. */
export async function closedBlock({ generator, cluster, subject, scenario, connections, seconds }) {
  const warmUp = scenario.once ? { count: warmUpShare * scenario.once } : { seconds: seconds * warmUpShare };
  await load(generator, subject, scenario, { connections, ...warmUp });
  const server = serverCpu(subject);
  const behind = subject.source && cpuMilliseconds(subject.source.pid);
  const postgres = cpuMilliseconds(cluster.pid);
  const hashing = hashingCpu(subject);
  // Of what can be asked once only a part is left for the counting block.
  const amount = { connections, seconds, ...(scenario.once ? { count: 0.5 * scenario.once } : {}) };
  const result = await load(generator, subject, scenario, amount);
  const serverCpuMs = (serverCpu(subject) - server) / result.done;
  const postgresCpuMs = (cpuMilliseconds(cluster.pid) - postgres) / result.done;
  const hashingCpuMs = (hashingCpu(subject) - hashing) / result.done;
  return {
    serverCpuMs,
    postgresCpuMs,
    cpuMs: serverCpuMs + postgresCpuMs,
    ...(hashingCpuMs > 0
      ? { hashingCpuMs, besideHashingCpuMs: serverCpuMs + postgresCpuMs - hashingCpuMs }
      : {}),
    ...(subject.source ? { behindCpuMs: (cpuMilliseconds(subject.source.pid) - behind) / result.done } : {}),
    perSecond: result.perSecond,
    saturatedP99Ms: result.p99Ms,
    residentBytes: residentBytes(subject.pid)[0],
  };
}

/** Fixed rate: latencies as a client would see them, counted from when each request was due. Warmed up like a closed block. */
export async function fixedRateBlock({ generator, subject, scenario, rate, seconds }) {
  const amount = { connections: 256, rate };
  await load(generator, subject, scenario, { ...amount, seconds: seconds * warmUpShare });
  const { p50Ms, p99Ms, p999Ms, late } = await load(generator, subject, scenario, { ...amount, seconds });
  return { p50Ms, p99Ms, p999Ms, rate, ...(late > 0 ? { neverSent: late } : {}) };
}

/** A counted block: statements, commits and WAL bytes per operation. */
export async function countedBlock({ generator, counters, subject, scenario, connections, count }) {
  await counters.start();
  const { done, perSecond } = await load(generator, subject, scenario, { connections, count });
  const { statements, commits, walBytes, fullPageImages, byStatement } = await counters.stop();
  return {
    statements: statements / done,
    commits: commits / done,
    walBytes: walBytes / done,
    fullPageImages: fullPageImages / done,
    countedPerSecond: perSecond,
    byStatement: byStatement.map(({ calls, wal, query }) => ({
      perOperation: calls / done,
      walBytes: wal / done,
      query,
    })),
  };
}
