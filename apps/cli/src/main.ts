import { launch } from '@curfew/web/launch';

// Runs the command line: the program is in run.ts.
await launch(import.meta.url, 'run');
