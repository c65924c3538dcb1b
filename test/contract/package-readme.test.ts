import { readdirSync, readFileSync } from 'node:fs';

const page = readFileSync('libs/resource-server/README.md', 'utf8');
const folder = 'docs/examples/resource-server';

describe('the README of @curfew/resource-server', () => {
  it.each(readdirSync(folder).filter((name) => name !== 'main.ts'))(
    'has the program that a test runs, letter by letter: %s',
    (name) => {
      expect(page).toContain(`\`\`\`ts\n${readFileSync(`${folder}/${name}`, 'utf8')}\`\`\`\n`);
    },
  );

  it('has each of them run by that test', () => {
    const test = readFileSync('test/e2e/resource-server-examples.test.ts', 'utf8');
    for (const name of readdirSync(folder).filter((one) => one !== 'main.ts'))
      expect(test).toContain(`${folder}/${name.replace(/\.ts$/, '.js')}`);
  });
});
