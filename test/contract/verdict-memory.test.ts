import { execFileSync } from 'node:child_process';

it('a gateway knows a million sessions in less than 300 MB', () => {
  const printed = execFileSync(process.execPath, ['--expose-gc', 'bench/verdict-memory.mjs'], {
    encoding: 'utf8',
  });
  const { size, rss } = JSON.parse(printed);
  expect(size).toBe(1_000_000);
  expect(rss / 1_000_000).toBeLessThan(300);
}, 120_000);
