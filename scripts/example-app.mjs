import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { paletteStyles } from './palette.mjs';
import { at } from './repository.mjs';

// Builds the example application (apps/example-app) with the colours of the sign-in pages.

const generated = at('apps/example-app/src/generated');
mkdirSync(generated, { recursive: true });
writeFileSync(path.join(generated, 'palette.css'), await paletteStyles());
const { build } = await import('vite');
rmSync(at('apps/example-app/dist'), { recursive: true, force: true });
await build({
  root: at('apps/example-app'),
  configFile: at('apps/example-app/vite.config.mjs'),
  logLevel: 'warn',
});
