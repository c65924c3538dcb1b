import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Provider } from 'oidc-provider';
import type { ProtocolServer } from './protocol-server.js';

/** A Koa context, of which only the cookie jar is needed. */
interface Jar {
  readonly cookies: { get(name: string, options: object): string | undefined };
}

/** The parts of a stored interaction that say what was asked, and how. */
interface Asked {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly parJti?: string;
  readonly deviceCode?: string;
}

/**
 * The address at which the authorization of this browser's interaction begins anew. The interaction is there and yet cannot go on where
 * another tab has signed in meanwhile, and so given the browser another sign-in. Everything is asked and checked once more. Undefined where
 * it was answered, or has expired, and where its request cannot be sent again (RFC 9126 §2.2, RFC 8628).
 */
export function startAgain(
  server: ProtocolServer,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<string | undefined> {
  return server.inScope(request, async () => {
    const provider = server.provider as Provider & { cookieName(kind: string): string };
    const { cookies } = provider.createContext(request, response) as Jar;
    const id = cookies.get(provider.cookieName('interaction'), { signed: true });
    const found = id === undefined ? undefined : await provider.Interaction.find(id);
    const { params, parJti, deviceCode } = (found ?? {}) as Asked;
    if (!params || parJti !== undefined || deviceCode !== undefined) return undefined;
    const given = Object.entries(params).flatMap(([name, value]) =>
      [value ?? []].flat().map((one) => [name, String(one)] as [string, string]),
    );
    return `${server.authorizationPath}?${new URLSearchParams(given)}`;
  });
}
