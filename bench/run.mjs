import { readOptions, usage } from './options.mjs';
import { ensureBuilt } from './setup.mjs';

/*
 * npm run bench: every hot path of the started product, beside the least a machine can do (floor) and the server most
 * teams would write (baseline), in one run on one durable PostgreSQL. docs/performance.md says how to read it.
 */
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));

const options = readOptions(process.argv.slice(2));
if (options.help) process.stdout.write(`${usage}\n`);
else {
  if (options.build) await ensureBuilt((line) => process.stderr.write(`  ${line}\n`));
  // Only now: in a fresh clone nothing that this needs is there before.
  const { benchmark } = await import('./benchmark.mjs');
  await benchmark(options);
}
