import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { causeLabel } from '../../apps/admin-api/src/contract/refusal-causes.js';
import { phrases } from '../../libs/oidc/src/refusals/cause-of.js';
import { withFreshTables } from '../../libs/session-policy/src/documentation.js';
import { causeTable, errorCauses } from '../../libs/token-endpoint/src/refusals/error-cause.js';

const textsIn = (folder: string, ending: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending) && !/\.spec\.ts$|cause-of\.ts$|dist\/|node_modules\//.test(name))
    .map((name) => readFileSync(join(folder, name), 'utf8'));

/** The library says "${label} not found" of codes, which no search for the whole phrase finds. */
const withLabels = (text: string): string => text.replaceAll(/\$\{(?:label|entityLabel)\}/g, 'code');

describe('the causes of refusals', () => {
  const library = textsIn('node_modules/oidc-provider/lib', '.js').map(withLabels).join('\n');
  const ours = ['libs/oidc/src', 'libs/token-endpoint/src']
    .flatMap((folder) => textsIn(folder, '.ts'))
    .join('\n');

  it.each(phrases.map(([words, cause]) => ({ words, cause })))(
    'are read from words that are still said: $words',
    ({ words, cause }) => {
      expect(library.includes(words) || ours.includes(words)).toBe(true);
      expect(Object.keys(errorCauses)).toContain(cause);
    },
  );

  it('of the admin API are all in its closed list', () => {
    const sources = textsIn('apps/admin-api/src', '.ts').join('\n');
    const said = [...sources.matchAll(/(?:\bcode: |notFound\(\s*)'([a-z_]+)'/g)].map(([, code]) => code!);
    expect(said.length).toBeGreaterThan(20);
    // The one code that is zod's, for what a schema of ours finds itself.
    const unknown = new Set(said.filter((code) => code !== 'custom' && causeLabel(code) === 'other'));
    expect([...unknown]).toEqual([]);
  });

  it('stand in docs/operations.md as the code has them; else run npm run docs', () => {
    const page = readFileSync('docs/operations.md', 'utf8');
    expect(page).toBe(withFreshTables(page, { causes: causeTable }));
    for (const cause of Object.keys(errorCauses)) expect(page).toContain(`| \`${cause}\` `);
  });

  it('that nobody listed become one label', () => {
    expect(causeLabel('anything a client may have sent')).toBe('other');
  });
});
