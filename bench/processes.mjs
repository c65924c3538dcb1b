import { countedBlock, load } from './measure.mjs';

const counted = 3_000;

/**
 * The same load over one, two and three processes at one database: how many commits a refresh takes. Those that wait while a commit is under
 * way go together, so the fewer processes there are, the more share one.
 */
export async function measureProcesses({ subjects: [subject], generator, options, progress }) {
  const others = [];
  const rows = [];
  const scenario = subject.scenarios.refresh;
  const { connections } = options;
  try {
    for (const processes of [1, 2, 3]) {
      if (processes > 1) others.push(await subject.startAnother());
      const ports = [subject.port, ...others.map(({ port }) => port)];
      await load(generator, subject, { ...scenario, ports }, { connections, seconds: 2 });
      const { byStatement: _, ...counts } = await countedBlock({
        generator,
        counters: subject.counters,
        subject,
        scenario: { ...scenario, ports },
        connections,
        count: counted,
      });
      progress(`refresh over ${processes}: ${counts.commits.toFixed(3)} commits each`);
      rows.push({ path: `refresh-over-${processes}`, ...counts });
    }
    return rows;
  } finally {
    for (const other of others) await other.stop();
  }
}
