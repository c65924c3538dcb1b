/*
 * The paths, in the order they run. `compared` ones run in A B A B rounds with the floor and the baseline (where those
 * have the path); the others run alone.
 *
 * - `before`: what is done to a pool first, out of the measured time: chains are refreshed to have live access tokens,
 *   clients are met, browsers are sent for codes, what was revoked is gathered.
 * - `at`: the server that answers, where that is not the authorization server.
 * - `rate`: a fixed rate for latencies that is promised; half of the throughput otherwise.
 * - `fromMemory`: whether no session, or some, must be read for the answers.
 * - `clients`: measured with a second, independent client as well.
 * - `besidePassword`: what a password costs by itself is told too, and what is left.
 * - `besidePages`: the page where people sign in is measured by itself, and told with what is left.
 * - `beside`: another path of the same server, whose blocks take turns with those of this one, so that the ratio says what differs.
 * - `counted`: operations of the block that counts statements.
 * - `warmUps`: operations before the first block. Pages run so much code that a warm-up of seconds leaves most of it uncompiled, where other
 *   paths answer thousands of requests in that time.
 * - `whenLong`: not with --quick, unless it is named.
 * - `measure`: no single operations are measured, but what is said there.
 */
const guarded = { before: 'live-tokens', chains: 'refresh-guarded' };
const gateway = { at: 'gateway', latency: true, ...guarded };
/** Tokens that an API got in exchange, beside those of the people themselves. */
const exchanged = (beside) => ({ before: 'exchanged', beside: { path: beside, ...guarded }, whenLong: true });

export const paths = [
  { path: 'refresh', compared: true, latency: true, clients: true },
  { path: 'refresh-id-token', compared: true },
  { path: 'introspection', compared: true, latency: true, clients: true, before: 'live-tokens' },
  { path: 'client-credentials', compared: true, latency: true },
  { path: 'gateway-warm', ...gateway, compared: true, rate: 3000, fromMemory: true },
  { path: 'gateway-cold', ...gateway, fromMemory: false },
  { path: 'end-until-denied', measure: 'ends', followers: [1, 10] },
  { path: 'end-many', measure: 'ends-written' },
  { path: 'idle', measure: 'idle' },
  { path: 'refresh-public' },
  { path: 'refresh-dpop' },
  { path: 'refresh-assertion' },
  { path: 'refresh-1000-clients', before: 'each-client-once', latency: true },
  { path: 'refresh-jwt' },
  { path: 'introspection-jwt', before: 'live-tokens', chains: 'refresh-jwt' },
  { path: 'introspection-wrong' },
  { path: 'introspection-exchanged', ...exchanged('introspection-guarded') },
  { path: 'gateway-exchanged', at: 'gateway', fromMemory: true, ...exchanged('gateway-warm') },
  { path: 'revocation', before: 'tokens-of-all' },
  { path: 'introspection-ended', before: 'ended' },
  { path: 'code-exchange', before: 'codes', connections: 16 },
  { path: 'admin-list', at: 'admin', connections: 8, whenLong: true },
  { path: 'admin-search', at: 'admin', connections: 8, whenLong: true },
  { path: 'refresh-processes', measure: 'processes' },
  { path: 'refresh-pooled', measure: 'pooled' },
  { path: 'backends-of-20', measure: 'backends', whenLong: true },
  // First, so that the sign-ins after it, which are slow to warm up, find their common code compiled.
  { path: 'passkey-sign-in', connections: 8, counted: 1000, warmUps: 3000, besidePages: true },
  { path: 'sign-in', connections: 8, counted: 40, besidePassword: true },
  { path: 'sign-in-and-consent', connections: 8, counted: 40, whenLong: true },
];

/** The paths to run: all, or those named; an unknown name is an error. */
export function choosePaths(names, isQuick) {
  if (!names) return paths.filter(({ whenLong }) => !(isQuick && whenLong));
  if (names[0] === 'none') return [];
  const unknown = names.filter((name) => !paths.some(({ path }) => path === name));
  if (unknown.length > 0)
    throw new Error(
      `no such path: ${unknown.join(', ')}. Paths: ${paths.map(({ path }) => path).join(', ')}`,
    );
  return paths.filter(({ path }) => names.includes(path));
}
