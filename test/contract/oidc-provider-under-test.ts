import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider, { type Configuration } from 'oidc-provider';
import { RecordingStore } from './oidc-provider-recording-store.js';

export const REDIRECT_URI = 'https://client.example.test/callback';
export const RESOURCE = 'https://orders.example.test';
export const SCOPE = 'openid offline_access';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
export const JWKS = {
  keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'k1', alg: 'ES256', use: 'sig' }],
};

/** Confidential clients by secret, a public one, and one that may only introspect. */
export const CLIENTS = [
  { client_id: 'web', client_secret: 'web-secret' },
  { client_id: 'other', client_secret: 'other-secret' },
  { client_id: 'spa', token_endpoint_auth_method: 'none' },
].map((client) => ({
  redirect_uris: [REDIRECT_URI],
  grant_types: ['authorization_code', 'refresh_token'],
  ...client,
})) as NonNullable<Configuration['clients']>;

const TTL = Object.fromEntries(
  ['AccessToken', 'AuthorizationCode', 'ClientCredentials', 'DeviceCode', 'IdToken', 'RefreshToken']
    .concat(['Interaction', 'Session', 'Grant'])
    .map((model) => [model, 600]),
);

/** The least configuration these tests start from; a test adds what it is about. */
export function baseConfiguration(store: RecordingStore): Configuration {
  return {
    adapter: store.adapter,
    jwks: JWKS as Configuration['jwks'],
    cookies: { keys: ['contract-test-cookie-key'] },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    scopes: ['openid', 'offline_access'],
    responseTypes: ['code'],
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    rotateRefreshToken: true,
    ttl: TTL,
    features: {
      devInteractions: { enabled: false },
      introspection: { enabled: true },
      revocation: { enabled: true },
    },
  };
}

/** Adds a test's own configuration; features are added one by one. */
export const configured = (base: Configuration, extra: Configuration): Configuration => ({
  ...base,
  ...extra,
  features: { ...base.features, ...extra.features } as NonNullable<Configuration['features']>,
});

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: bodies are whatever the library answers, judged by the assertions
  readonly body: any;
  readonly headers: Headers;
}

/** A Provider behind real HTTP, with the requests these tests make of it. */
export class RunningProvider {
  readonly errors: Error[] = [];

  constructor(
    readonly provider: Provider,
    readonly url: string,
    readonly store: RecordingStore,
    private readonly stop: () => Promise<void>,
  ) {
    provider.on('server_error', (_ctx, error) => this.errors.push(error));
  }

  close = (): Promise<void> => this.stop();

  async post(
    path: string,
    form: Record<string, string>,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const response = await fetch(this.url + path, {
      method: 'POST',
      body: new URLSearchParams(form),
      headers: { accept: 'application/json', ...headers },
      redirect: 'manual',
    });
    return answer(response);
  }

  /** Signs in with a browser of its own (or the given cookies) and returns the authorization code. */
  async authorize(extra: Record<string, string> = {}, jar = new Map<string, string>()) {
    const verifier = randomBytes(32).toString('base64url');
    const parameters = new URLSearchParams({
      client_id: 'web',
      redirect_uri: REDIRECT_URI,
      response_type: 'code',
      scope: SCOPE,
      prompt: 'consent',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...extra,
    });
    let location = new URL(`${this.url}/auth?${parameters}`);
    for (let hop = 0; hop < 8; hop++) {
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
      const response = await fetch(location, {
        redirect: 'manual',
        headers: { cookie, accept: 'text/html' },
      });
      for (const line of response.headers.getSetCookie()) {
        const [name, value] = line.split(';')[0]!.split('=');
        jar.set(name!, value!);
      }
      const next = response.headers.get('location');
      if (!next) throw new Error(`sign-in stopped with ${response.status}: ${await response.text()}`);
      location = new URL(next, location);
      if (location.href.startsWith(REDIRECT_URI)) break;
    }
    return { code: location.searchParams.get('code') ?? '', verifier, redirect: location, jar };
  }

  async redeem(
    code: string,
    verifier: string,
    headers: Record<string, string> = asClient('web'),
    extra = {},
  ) {
    const form = {
      grant_type: 'authorization_code',
      code,
      code_verifier: verifier,
      redirect_uri: REDIRECT_URI,
    };
    return this.post('/token', { ...form, ...extra }, headers);
  }

  /** A whole sign-in: code, then tokens. */
  async signIn(extra: Record<string, string> = {}, headers?: Record<string, string>): Promise<Answer> {
    const { code, verifier } = await this.authorize(extra);
    return this.redeem(code, verifier, headers, extra['client_id'] === 'spa' ? { client_id: 'spa' } : {});
  }

  async refresh(
    token: string,
    headers: Record<string, string> = asClient('web'),
    extra = {},
  ): Promise<Answer> {
    return this.post('/token', { grant_type: 'refresh_token', refresh_token: token, ...extra }, headers);
  }
}

async function answer(response: Response): Promise<Answer> {
  const text = await response.text();
  const json = response.headers.get('content-type')?.includes('json');
  return { status: response.status, body: json ? JSON.parse(text) : text, headers: response.headers };
}

/** HTTP Basic credentials of a client of these tests. */
export const asClient = (id: string, secret = `${id}-secret`): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
});

/** Starts a Provider on a free port; every interaction is answered at once with account `alice` and full consent. */
export async function startProvider(
  extra: Configuration = {},
  prepare: (provider: Provider, store: RecordingStore) => void = () => {},
): Promise<RunningProvider> {
  const store = new RecordingStore();
  let handle: (request: IncomingMessage, response: ServerResponse) => void = () => {};
  const server = createServer((request, response) => handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { clients = CLIENTS, ...configuration } = extra;
  const provider = new Provider(url, configured(baseConfiguration(store), configuration));
  for (const client of clients)
    store.rows.set(`Client:${client.client_id}`, JSON.parse(JSON.stringify(client)));
  prepare(provider, store);
  const callback = provider.callback();
  handle = (request, response) => {
    if (!request.url?.startsWith('/interaction/')) return void callback(request, response);
    signInAsAlice(provider, request, response).catch((error: unknown) =>
      response.writeHead(500).end(String(error)),
    );
  };
  const stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return new RunningProvider(provider, url, store, stop);
}

async function signInAsAlice(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { params, prompt, grantId } = await provider.interactionDetails(request, response);
  if (prompt.name === 'login') {
    return provider.interactionFinished(request, response, { login: { accountId: 'alice' } });
  }
  const found = grantId ? await provider.Grant.find(grantId) : undefined;
  const grant = found ?? new provider.Grant({ accountId: 'alice', clientId: String(params['client_id']) });
  grant.addOIDCScope(String(params['scope']));
  if (params['resource']) grant.addResourceScope(String(params['resource']), 'orders:read');
  return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
}
