import { register } from 'node:module';

// The official MCP suite is made for Node 22: its first line asks the module `fs` for `globSync`, which no authorization scenario uses.
// With this module before it (`node --import`), the suite starts on Node 20, too.
const files =
  'export * from "node:fs"; export { default } from "node:fs"; export const globSync = undefined;';
const hooks = `
export const resolve = (specifier, context, next) =>
  specifier === 'fs' && context.parentURL?.includes('/conformance/dist/')
    ? { url: ${JSON.stringify(`data:text/javascript,${encodeURIComponent(files)}`)}, shortCircuit: true }
    : next(specifier, context);`;
if (Number(process.versions.node.split('.')[0]) < 22)
  register(`data:text/javascript,${encodeURIComponent(hooks)}`);
