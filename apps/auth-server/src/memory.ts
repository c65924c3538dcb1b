import { setFlagsFromString } from 'node:v8';

/*
 * Imported before anything else, because the engine looks at these when it compiles and when it plans its next collection
 * (docs/performance.md has what each is worth). Node has no option for either that works once the process runs.
 */

// Prisma's query compiler is WebAssembly off the hot path: compiled once, and not a second time for speed. 45 MB.
setFlagsFromString('--liftoff-only');
// The old generation may grow by three fifths between collections instead of to the fourfold. Each of them slows refreshes down for a tenth
// of a second, so that one in ten seconds is their p99. With less room they were as frequent as that beside 55 sign-ins a second (ADR 128).
setFlagsFromString('--heap-growing-percent=60');
