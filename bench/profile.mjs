import { readFileSync } from 'node:fs';
import path from 'node:path';

/*
 * node bench/profile.mjs <file.cpuprofile> [most]: where the time of a profiled server went, by its own time and by
 * package. `npm run bench -- --cpu-prof <folder>` writes such files.
 */
const [file, most = '30'] = process.argv.slice(2);
if (!file) throw new Error('usage: node bench/profile.mjs <file.cpuprofile> [most]');
const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, 'utf8'));

const place = ({ functionName, url, lineNumber }) =>
  `${functionName || '(anonymous)'}  ${url ? `${url.split('/node_modules/').at(-1).split('/').slice(-4).join('/')}:${lineNumber + 1}` : ''}`;

function owner({ url, functionName }) {
  if (functionName === '(idle)') return undefined;
  if (!url) return functionName.startsWith('(') ? functionName : '(native)';
  if (url.startsWith('node:'))
    return `node:${url.slice(5).split('/')[0] === 'internal' ? url.slice(5).split('/').slice(0, 2).join('/') : url.slice(5)}`;
  const installed = url.split('/node_modules/').at(-1);
  if (installed !== url)
    return installed
      .split('/')
      .slice(0, installed.startsWith('@') ? 2 : 1)
      .join('/');
  return /\/((?:libs|apps|bench)\/[^/]+)\//.exec(url)?.[1] ?? path.basename(url);
}

const byId = new Map(nodes.map((node) => [node.id, node]));
const selfOf = new Map();
const ownerOf = new Map();
let busy = 0;
samples.forEach((id, index) => {
  const { callFrame } = byId.get(id);
  const who = owner(callFrame);
  if (who === undefined) return;
  const time = timeDeltas[index];
  busy += time;
  ownerOf.set(who, (ownerOf.get(who) ?? 0) + time);
  selfOf.set(place(callFrame), (selfOf.get(place(callFrame)) ?? 0) + time);
});

function show(title, times) {
  process.stdout.write(`\n${title}\n`);
  for (const [name, time] of [...times].sort((a, b) => b[1] - a[1]).slice(0, Number(most))) {
    process.stdout.write(`${((time / busy) * 100).toFixed(1).padStart(6)} %  ${name}\n`);
  }
}
process.stdout.write(`${(busy / 1e6).toFixed(2)} s busy\n`);
show('by package', ownerOf);
show('by own time', selfOf);
