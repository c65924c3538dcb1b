import { setFlagsFromString } from 'node:v8';

/*
 * Imported before anything else, because the engine looks at these when it compiles and when it plans its next collection
 * (docs/performance.md has what each is worth). Node has no option for either that works once the process runs.
 */

// Prisma's query compiler is WebAssembly off the hot path: compiled once, and not a second time for speed. 45 MB.
setFlagsFromString('--liftoff-only');
// The old generation may grow by little more than a fifth between collections instead of to the fourfold, because most objects promoted
// under load are garbage. With less, collections become so frequent that the p99 of refreshes shows it.
setFlagsFromString('--heap-growing-percent=22');
