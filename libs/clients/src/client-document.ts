import { documentHost } from './client.js';
import type { ClientRegistration } from './client-schema.js';
import { isLoopback, isPrivateUseUri } from './uri-rules.js';

/** A document is none about the client whose id is its address. */
export class UnreadableClientDocument extends Error {
  override readonly name = 'UnreadableClientDocument';
}

const grants = ['authorization_code', 'refresh_token'] as const;
const secretMembers = ['client_secret', 'client_secret_expires_at'];

/** The bounds of every client of a host, whatever its document says. */
export interface DocumentBounds {
  /** The APIs that the host was allowed. */
  readonly resources: readonly string[];
  /** Scope values that a client has only where somebody has looked at its registration. */
  readonly withheld: ReadonlySet<string>;
}

/**
 * The registration that a document asks for, within its bounds. It takes over what a public client needs, and nothing that would be fetched,
 * shown as a picture, or let the client do more; the rules of every registration are checked by whoever keeps it.
 * @throws UnreadableClientDocument
 */
export function readClientDocument(
  text: string,
  id: string,
  { resources, withheld }: DocumentBounds,
): ClientRegistration {
  const document = membersOf(text);
  // §4.1: the document must name its own address, or anybody could publish one about somebody else.
  if (document['client_id'] !== id)
    throw new UnreadableClientDocument('client_id must be the address of the document');
  // §4.1: a secret that is published is none.
  if (secretMembers.some((member) => member in document))
    throw new UnreadableClientDocument('client_secret and client_secret_expires_at must be absent');
  if ((document['token_endpoint_auth_method'] ?? 'none') !== 'none')
    throw new UnreadableClientDocument('token_endpoint_auth_method must be none');
  const redirectUris = textsOf(document, 'redirect_uris') ?? [];
  const asked = textsOf(document, 'grant_types') ?? ['authorization_code'];
  const { client_name: name, scope, dpop_bound_access_tokens: bound } = document;
  return {
    client_name: typeof name === 'string' && name.trim() !== '' ? name.trim() : (documentHost(id) ?? id),
    redirect_uris: redirectUris,
    grant_types: grants.filter((grant) => asked.includes(grant)),
    // RFC 8252 §7.3: a program on a device cannot know its port before.
    application_type: redirectUris.some(leadsToDevice) ? 'native' : 'web',
    token_endpoint_auth_method: 'none',
    ...(typeof scope === 'string' && scope !== '' ? { scope: without(withheld, scope) } : {}),
    dpop_bound_access_tokens: bound === true,
    resources: [...resources],
  };
}

/** Whether an answer at this redirect URI goes to the person's own device, where any program can wait for it (RFC 8252 §8.4 and §8.6). */
export const leadsToDevice = (redirectUri: string): boolean =>
  isPrivateUseUri(redirectUri) || (URL.canParse(redirectUri) && isLoopback(new URL(redirectUri)));

/** A client that asked for nothing else is left with what every client may ask for: no scope at all would let it ask for more. */
const without = (withheld: ReadonlySet<string>, scope: string): string =>
  scope
    .split(' ')
    .filter((one) => !withheld.has(one))
    .join(' ') || 'openid';

function membersOf(text: string): Record<string, unknown> {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    throw new UnreadableClientDocument('it must be JSON');
  }
  if (typeof read !== 'object' || read === null || Array.isArray(read))
    throw new UnreadableClientDocument('it must be a JSON object');
  return { ...read };
}

function textsOf(document: Record<string, unknown>, member: string): string[] | undefined {
  const value = document[member];
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || !value.every((one) => typeof one === 'string'))
    throw new UnreadableClientDocument(`${member} must be a list of texts`);
  return value;
}
