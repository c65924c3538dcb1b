import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { clientBasic } from '@curfew/resource-server/client-basic';
import { importJWK, type JWK, SignJWT } from 'jose';
import { CommandError } from '../exit.js';
import type { Endpoints } from './installation.js';
import type { Send } from './network.js';
import type { Page, Person } from './person.js';

/** The redirect URI of the applications in scenarios. Nothing listens there, and no request is sent to it. */
export const callback = 'https://application.example/callback';

/** A client of a scenario with what it authenticates with. */
export interface Credentials {
  readonly id: string;
  readonly secret: string | null;
  readonly key: JWK | null;
}

/** The tokens of a sign-in or a refresh. */
export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
}

/** A response of the token endpoint. */
export interface TokenAnswer {
  readonly status: number;
  readonly error: string | null;
  readonly tokens: Tokens | null;
}

/** The credentials and key of a client at the token endpoint. */
export interface AsClient {
  readonly issuer: string;
  readonly endpoints: Endpoints;
  readonly client: Credentials;
  readonly audience: string;
  /** The instant the client believes it is, in milliseconds since the epoch. */
  readonly now: number;
}

/** Sends a person through the pages until they come back to the application; resolves to what the application is told. */
export async function authorize(
  { endpoints, client, audience }: Omit<AsClient, 'now'>,
  person: Person,
  extra: Readonly<Record<string, string>>,
): Promise<{ readonly code: string | null; readonly error: string | null; readonly verifier: string }> {
  const verifier = randomBytes(32).toString('base64url');
  const address = new URL(endpoints.authorization_endpoint);
  const parameters = {
    client_id: client.id,
    redirect_uri: callback,
    response_type: 'code',
    scope: 'openid',
    resource: audience,
    state: randomUUID(),
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...extra,
  };
  for (const [name, value] of Object.entries(parameters)) address.searchParams.set(name, value);
  const page = await person.follow(address.href);
  if (`${page.url.origin}${page.url.pathname}` !== callback) throw new CommandError(stranded(page));
  return { code: page.url.searchParams.get('code'), error: page.url.searchParams.get('error'), verifier };
}

const stranded = ({ url, status, body }: Page): string => {
  const heading = /<h1[^>]*>([^<]*)</.exec(body)?.[1] ?? 'a page';
  return `the person was left at ${url.pathname} (${status}, “${heading}”) instead of being sent back`;
};

/** Redeems a code. */
export const redeem = (
  as: AsClient,
  { code, verifier }: { readonly code: string; readonly verifier: string },
  send: Send,
): Promise<TokenAnswer> =>
  token(
    as,
    { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: callback },
    send,
  );

/** Uses a refresh token (RFC 6749 §6). */
export const refresh = (as: AsClient, refreshToken: string, send: Send): Promise<TokenAnswer> =>
  token(as, { grant_type: 'refresh_token', refresh_token: refreshToken }, send);

/** A token of the client's own (RFC 6749 §4.4). */
export const ownToken = (as: AsClient, send: Send): Promise<TokenAnswer> =>
  token(as, { grant_type: 'client_credentials', resource: as.audience }, send);

/** The introspection response for a token (RFC 7662 §2.2). It does not count as a use. */
export async function introspect(
  { endpoints, client }: Pick<AsClient, 'endpoints' | 'client'>,
  accessToken: string,
  send: Send,
  touch: boolean,
): Promise<{ readonly active: boolean; readonly sid?: string; readonly iat?: number }> {
  const answer = await send(new URL(endpoints.introspection_endpoint), {
    method: 'POST',
    headers: basic(client),
    body: new URLSearchParams({ token: accessToken, ...(touch ? {} : { touch: 'false' }) }),
  });
  if (!answer.ok) throw new CommandError(`introspection answered ${answer.status}`);
  return (await answer.json()) as { active: boolean };
}

async function token(as: AsClient, form: Record<string, string>, send: Send): Promise<TokenAnswer> {
  const { client, endpoints } = as;
  const answer = await send(new URL(endpoints.token_endpoint), {
    method: 'POST',
    headers: client.secret === null ? {} : basic(client),
    body: new URLSearchParams({ ...form, ...(await identification(as)) }),
  });
  const body = (await answer.json().catch(() => ({}))) as Record<string, string | undefined>;
  const { access_token: accessToken, refresh_token: refreshToken, error = null } = body;
  const tokens = accessToken === undefined ? null : { accessToken, refreshToken: refreshToken ?? '' };
  return { status: answer.status, error, tokens };
}

const basic = ({ id, secret }: Credentials): Record<string, string> => ({
  authorization: clientBasic(id, secret ?? ''),
});

/** How a client without a secret says who it is: by its id alone, or by an assertion (RFC 7523 §2.2). */
async function identification({ issuer, client, now }: AsClient): Promise<Record<string, string>> {
  if (client.secret !== null) return {};
  if (client.key === null) return { client_id: client.id };
  const seconds = Math.floor(now / 1_000);
  const assertion = await new SignJWT({})
    .setProtectedHeader({ alg: 'ES256' })
    .setIssuer(client.id)
    .setSubject(client.id)
    .setAudience(issuer)
    .setJti(randomUUID())
    .setIssuedAt(seconds)
    .setExpirationTime(seconds + 60)
    .sign(await importJWK(client.key, 'ES256'));
  return {
    client_id: client.id,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
  };
}
