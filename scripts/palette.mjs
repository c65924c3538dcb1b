import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { at } from './repository.mjs';

/** The colours of the sign-in pages as a stylesheet for applications that look like them. */
export async function paletteStyles() {
  // From the source, because nothing may have been compiled yet.
  const { outputText } = ts.transpileModule(readFileSync(at('libs/pages/src/look/palette.ts'), 'utf8'), {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
  });
  const { customProperties, day, night } = await import(
    `data:text/javascript;base64,${Buffer.from(outputText).toString('base64')}`
  );
  const [light, dark] = [day, night].map(customProperties);
  return `:root{color-scheme:light dark;${light}}
@media (prefers-color-scheme:dark){:root:not([data-theme='light']){${dark}}}
:root[data-theme='light']{color-scheme:light}
:root[data-theme='dark'],[data-appearance='dark']{color-scheme:dark;${dark}}
[data-appearance='light']{color-scheme:light;${light}}
`;
}
