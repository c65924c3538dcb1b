/*
 * The paths, in the order they run. `compared` ones run in A B A B rounds with the floor and the baseline (where those
 * have the path); the others run alone. `from` says what a path needs before it: the live access tokens of the refresh
 * chains, fresh codes, or chains to spend.
 */
export const paths = [
  { path: 'refresh', compared: true, latency: true, headline: true },
  { path: 'refresh-id-token', compared: true },
  { path: 'introspection', compared: true, latency: true, from: 'live' },
  { path: 'client-credentials', compared: true, latency: true },
  { path: 'gateway-warm', compared: true, latency: true, from: 'live' },
  { path: 'refresh-public' },
  { path: 'refresh-dpop' },
  { path: 'refresh-1000-clients' },
  { path: 'refresh-jwt' },
  { path: 'introspection-jwt', from: 'live', chains: 'refresh-jwt' },
  { path: 'introspection-wrong' },
  { path: 'introspection-ended' },
  { path: 'code-exchange', from: 'codes' },
  { path: 'revocation', from: 'spent' },
  { path: 'sign-in', connections: 8 },
];

/** The paths to run: all, or those named; an unknown name is an error. */
export function choosePaths(names) {
  if (!names) return paths;
  const unknown = names.filter((name) => !paths.some(({ path }) => path === name));
  if (unknown.length > 0)
    throw new Error(
      `no such path: ${unknown.join(', ')}. Paths: ${paths.map(({ path }) => path).join(', ')}`,
    );
  return paths.filter(({ path }) => names.includes(path));
}
