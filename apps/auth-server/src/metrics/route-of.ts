import { routes } from '@curfew/token-endpoint';

const protocolRoutes = new Map<string, string>(Object.entries(routes).map(([name, path]) => [path, name]));

/** The word for where a request went; one of a closed list, whatever was asked for. */
export function routeOf(url: string, base: string): string {
  const path = url.split('?', 1)[0]!;
  if (path.startsWith('/health/')) return 'health';
  const inside = path.startsWith(base) ? path.slice(base.length) : path;
  const known = protocolRoutes.get(inside);
  if (known) return known;
  if (inside.startsWith('/.well-known/')) return 'discovery';
  if (inside.startsWith('/session-feed') || inside === '/introspection/batch') return 'followers';
  if (inside === '/gateway-routes') return 'gateway-routes';
  return inside.startsWith('/interaction/') ? 'interaction' : 'pages';
}
