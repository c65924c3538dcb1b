import type { IncomingMessage, RequestListener } from 'node:http';
import { isPublicClient } from '@curfew/clients';
import type { ClientDirectory } from '@curfew/token-endpoint';
import { routes } from '@curfew/token-endpoint';
import { readBody } from '@curfew/web';

/** Endpoints of the library at which a client says who it is. */
const authenticated: ReadonlySet<string | undefined> = new Set([
  routes.pushed_authorization_request,
  routes.device_authorization,
]);

/** The library reads no longer forms. */
const maxFormBytes = 56 * 1024;

/**
 * Reads two spellings of credentials that the library refuses. RFC 9110 §11.4 allows more than one space after the scheme. RFC 6749
 * §2.3.1 allows a client without a secret to send Basic credentials with an empty one; such a public client is put in front of the
 * library as one that names itself in the form.
 */
export function readBasicCredentials(clients: ClientDirectory, next: RequestListener): RequestListener {
  return (request, response) => {
    const { headers, method, url } = request;
    if (headers.authorization?.includes('  '))
      headers.authorization = headers.authorization.replace(/^(\S+) +/, '$1 ');
    const id = method === 'POST' && authenticated.has(url) ? idWithoutSecret(headers) : undefined;
    if (id === undefined) return next(request, response);
    nameInForm(request, id, clients).then(
      (isRead) => isRead && next(request, response),
      () => response.destroy(),
    );
  };
}

/** The client id of Basic credentials whose secret is empty. */
function idWithoutSecret({
  authorization,
  'content-type': type,
}: IncomingMessage['headers']): string | undefined {
  // Base64 that ends with a colon ends in one of three ways; nearly all credentials are told apart by that alone.
  if (authorization === undefined || !/(?:Og==|o=|6)$/.test(authorization)) return undefined;
  const encoded = /^basic ([A-Za-z0-9+/]+={0,2})$/i.exec(authorization)?.[1];
  if (encoded === undefined || !/^application\/x-www-form-urlencoded\s*(;|$)/i.test(type ?? ''))
    return undefined;
  const decoded = Buffer.from(encoded, 'base64').toString('utf8');
  // Ids of clients need no encoding, so what has an escape in it is none.
  return /^[A-Za-z0-9._~-]{1,64}:$/.test(decoded) ? decoded.slice(0, -1) : undefined;
}

/** Moves the id of a public client from the header to the form. False where the body was too long to be read. */
async function nameInForm(request: IncomingMessage, id: string, clients: ClientDirectory): Promise<boolean> {
  const client = await clients.find(id).catch(() => undefined);
  // A client that should have proved more goes on as it came, and is refused by the library; so is a form that is too long.
  if (!client || !isPublicClient(client)) return true;
  if (Number(request.headers['content-length'] ?? 0) > maxFormBytes) return true;
  const body = await readBody(request, maxFormBytes);
  if (!body) return false;
  const form = body.toString('latin1');
  delete request.headers.authorization;
  const isNamed = /(^|&)client_id=/.test(form);
  giveBack(
    request,
    isNamed ? body : Buffer.from(`${form}${form === '' ? '' : '&'}client_id=${id}`, 'latin1'),
  );
  return true;
}

/** Lets the library read a body that was read already, as if it came from the network (pinned by test/contract). */
function giveBack(request: IncomingMessage, body: Buffer): void {
  request.headers['content-length'] = String(body.length);
  Object.defineProperties(request, {
    readable: { value: true, configurable: true },
    iterator: { value: () => [body], configurable: true },
  });
}
