import { launch } from '@curfew/web/launch';

// Starts the gateway: the program is in serve.ts.
await launch(import.meta.url, 'serve');
