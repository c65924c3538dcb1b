import './node-version.mjs';

// npm start: sets everything up, starts the product, stops it again. The work is in launcher.mjs; this file only makes sure that a Node
// too old for it says so.
const { launch } = await import('./launcher.mjs');
// Exit, rather than wait: a step that was interrupted may still be under way.
process.exit(await launch({ watch: process.argv.includes('--watch') }));
