import type { KnownClient } from '@curfew/clients';
import type { ClientDirectory } from '../client-directory.js';
import type { PlainForm } from './plain-form.js';

interface Credentials {
  readonly clientId: string;
  readonly secret: string | undefined;
}

/** RFC 6749 §2.3.1; undefined for anything but one well-formed statement of who is asking. */
function credentialsOf(authorization: string | undefined, form: PlainForm): Credentials | undefined {
  const { client_id: clientId, client_secret: secret } = form;
  if (authorization === undefined) return clientId === undefined ? undefined : { clientId, secret };
  if (secret !== undefined || !/^basic [A-Za-z0-9+/]+={0,2}$/i.test(authorization)) return undefined;
  const encoded = authorization.slice(6);
  if (encoded.length % 4 !== 0) return undefined;
  const decoded = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  // Percent and plus mean something in these; whoever uses them takes the long way.
  if (colon < 1 || colon === decoded.length - 1 || !/^[\x21-\x24\x26-\x2a\x2c-\x7e]+$/.test(decoded))
    return undefined;
  const basic = { clientId: decoded.slice(0, colon), secret: decoded.slice(colon + 1) };
  return clientId === undefined || clientId === basic.clientId ? basic : undefined;
}

/**
 * The client, when it is known, allowed this grant type, and has proved itself with its secret (or is public and named
 * itself). Everything else is undefined: the library then finds out what is wrong, says so, and counts the failure.
 */
export async function authenticate(
  clients: ClientDirectory,
  authorization: string | undefined,
  form: PlainForm,
): Promise<KnownClient | undefined> {
  const credentials = credentialsOf(authorization, form);
  if (!credentials) return undefined;
  const client = await clients.find(credentials.clientId);
  if (!client) return undefined;
  switch (client.metadata.token_endpoint_auth_method) {
    case 'none':
      return credentials.secret === undefined ? client : undefined;
    case 'client_secret_basic':
    case 'client_secret_post':
      return credentials.secret !== undefined && clients.hasSecret(client, credentials.secret)
        ? client
        : undefined;
    default:
      return undefined;
  }
}
