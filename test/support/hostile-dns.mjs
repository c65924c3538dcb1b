import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import { isIP } from 'node:net';

// Loaded into a server before everything else. The names in HOSTILE_DNS are somebody's zone, which answers each question anew: a list of addresses
// for each, and the last one for all questions after it. All other names are resolved as ever.
const zone = new Map(Object.entries(JSON.parse(process.env.HOSTILE_DNS ?? '{}')));
const asked = new Map();
const { lookup } = dns;

dns.lookup = (name, options, done) => {
  const answers = zone.get(name);
  if (!answers) return lookup(name, options, done);
  const turn = asked.get(name) ?? 0;
  asked.set(name, turn + 1);
  const found = (answers[turn] ?? answers.at(-1)).map((address) => ({ address, family: isIP(address) || 4 }));
  const tell = typeof options === 'function' ? options : done;
  process.nextTick(() => (options?.all ? tell(null, found) : tell(null, found[0].address, found[0].family)));
};
syncBuiltinESMExports();
