import { X509Certificate } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeJwt } from 'jose';
import Provider, { type Configuration, errors } from 'oidc-provider';
import { RecordingStore } from '../contract/oidc-provider-recording-store.js';
import { createCertificates, thumbprintOf } from '../support/certificate.js';
import type { Outcome } from '../support/golden.js';
import { comparable } from './answers-comparable.js';
import {
  type AuthorizationExtras,
  type CertificateName,
  certificateHeader,
  type Desk,
  type DeskClient,
  deskClients,
  registrationOf,
} from './answers-desk.js';
import { type AskedServer, type Form, type Headers, type Reply, sendForm } from './answers-http.js';
import { aKey } from './answers-proofs.js';
import { exchangeGrant, ledger, orders, pkce } from './protocol-names.js';

const signing = aKey();
const callback = 'http://127.0.0.1:9/callback';
const secretOf = (id: string): string => `${id}-secret-0123456789`;

/** The APIs, as the library is told of them. */
const servers: Readonly<Record<string, object>> = {
  [orders]: { scope: 'orders:read orders:write', audience: orders, accessTokenFormat: 'opaque' },
  [ledger]: {
    scope: 'orders:read',
    audience: ledger,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: 'ES256' } },
  },
};

/** The registration of a client with the members that the library knows. */
function metadataOf(client: (typeof deskClients)[number]): Record<string, unknown> {
  const {
    resources: _,
    resource: __,
    token_exchange: ___,
    grant_types,
    ...known
  } = registrationOf(client, callback) as Record<string, unknown>;
  const grants = (grant_types as string[]).filter((grant) => grant !== exchangeGrant);
  return {
    ...known,
    client_id: client.id,
    ...(['basic', 'post'].includes(client.way) ? { client_secret: secretOf(client.id) } : {}),
    grant_types: grants,
    response_types: grants.includes('authorization_code') ? ['code'] : [],
  };
}

function certificateOf(value: string): X509Certificate | undefined {
  if (!value || value.includes(',')) return undefined;
  try {
    return new X509Certificate(decodeURIComponent(value));
  } catch {
    return undefined;
  }
}

/** As this product used the library before its token endpoint was its own: the same features, and the library's own checks alone. */
function configuration(store: RecordingStore): Configuration {
  const jwk = { ...signing.privateKey.export({ format: 'jwk' }), kid: 'k1', alg: 'ES256', use: 'sig' };
  const lifetime = 600;
  return {
    adapter: store.adapter,
    jwks: { keys: [jwk] } as never,
    cookies: { keys: ['library-cookie-key'] },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
    scopes: ['openid', 'offline_access'],
    responseTypes: ['code'],
    clockTolerance: 10,
    allowOmittingSingleRegisteredRedirectUri: false,
    conformIdTokenClaims: true,
    claims: { email: ['email'], openid: ['sub'] },
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    expiresWithSession: () => false,
    rotateRefreshToken: true,
    routes: {
      token: '/token',
      userinfo: '/userinfo',
      introspection: '/introspection',
      revocation: '/revocation',
      pushed_authorization_request: '/par',
      device_authorization: '/device/authorization',
    },
    ttl: Object.fromEntries(
      [
        'AccessToken',
        'AuthorizationCode',
        'ClientCredentials',
        'DeviceCode',
        'Grant',
        'IdToken',
        'RefreshToken',
      ]
        .concat(['Interaction', 'Session'])
        .map((model) => [model, lifetime]),
    ),
    enabledJWA: {
      idTokenSigningAlgValues: ['ES256'],
      clientAuthSigningAlgValues: ['ES256', 'ES384', 'ES512', 'EdDSA', 'PS256', 'RS256'],
      dPoPSigningAlgValues: ['ES256', 'EdDSA', 'Ed25519'],
    },
    features: features(),
  };
}

const features = (): NonNullable<Configuration['features']> => ({
  devInteractions: { enabled: false },
  clientCredentials: { enabled: true },
  deviceFlow: { enabled: true },
  dPoP: { enabled: true, nonceSecret: Buffer.alloc(32, 7), requireNonce: () => false, allowReplay: false },
  introspection: {
    enabled: true,
    allowedPolicy: async (_ctx, client, token) => {
      const { clientId, aud } = token as { clientId?: string; aud?: string };
      const isPublic = client.clientAuthMethod === 'none';
      return !isPublic && (client.clientId === clientId || client.clientId.startsWith(apiFor(aud)));
    },
  },
  revocation: {
    enabled: true,
    allowedPolicy: async (_ctx, client, token) =>
      client.clientId === (token as { clientId?: string }).clientId,
  },
  pushedAuthorizationRequests: { enabled: true },
  resourceIndicators: {
    enabled: true,
    defaultResource: async (_ctx, _client, oneOf) => oneOf as never,
    getResourceServerInfo: async (_ctx, indicator) => {
      const known = servers[indicator];
      if (!known) throw new errors.InvalidTarget();
      return known as never;
    },
    useGrantedResource: () => true,
  },
  userinfo: { enabled: true },
  mTLS: {
    enabled: true,
    certificateBoundAccessTokens: true,
    getCertificate: (ctx) => certificateOf(ctx.get(certificateHeader)),
  },
});

const apiFor = (audience: string | undefined): string =>
  ({ [orders]: 'opaque-api-', [ledger]: 'jwt-api-' })[audience ?? ''] ?? 'nobody ';

/** A model of the library that is made and saved by hand. */
type Made = Record<string, unknown> & { save(): Promise<string> };
type Model = new (members: object) => Made;

/** The library on a port of its own, with everything in memory. */
export class LibraryHouse {
  readonly certificates = createCertificates('mine', 'other');

  private constructor(
    readonly provider: Provider,
    readonly server: AskedServer,
    readonly store: RecordingStore,
    readonly stop: () => Promise<void>,
  ) {}

  static async start(): Promise<LibraryHouse> {
    const store = new RecordingStore();
    let handle: RequestListener = () => {};
    const server = createServer((request, response) => handle(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const issuer = `http://127.0.0.1:${port}`;
    for (const client of deskClients)
      store.rows.set(`Client:${client.id}`, JSON.parse(JSON.stringify(metadataOf(client))));
    const provider = new Provider(issuer, configuration(store));
    handle = provider.callback();
    return new LibraryHouse(provider, { issuer, port }, store, async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
  }

  desk(): LibraryDesk {
    return new LibraryDesk(this);
  }
}

/** The library, as one case asks it. */
export class LibraryDesk implements Desk {
  readonly callback = callback;
  readonly replies: Reply[] = [];
  readonly #tokens = new Map<string, unknown>();

  constructor(readonly house: LibraryHouse) {}

  get issuer(): string {
    return this.house.server.issuer;
  }

  get seconds(): number {
    return Math.floor(Date.now() / 1000);
  }

  client(id: string): DeskClient {
    const client = deskClients.find((one) => one.id === id)!;
    return { ...client, secret: ['basic', 'post'].includes(client.way) ? secretOf(id) : '' };
  }

  async post(path: string, form: Form, headers?: Headers): Promise<Reply> {
    const reply = await sendForm(this.house.server, path, form, headers);
    this.replies.push(reply);
    // Read at once: a token that is given back is stored no more.
    const { access_token } = reply.body ?? {};
    if (access_token !== undefined) this.#tokens.set(access_token, this.#read(access_token));
    return reply;
  }

  /** A code as the authorization endpoint leaves it behind; that endpoint is not what is asked about. */
  async code({ id }: DeskClient, { resource, dpop_jkt, ...extra }: AuthorizationExtras = {}) {
    const { verifier, challenge } = pkce();
    const { AuthorizationCode } = this.house.provider as never as Record<string, Model>;
    const granted = await this.#grant(id, String(extra['scope']), resource);
    const code = await new AuthorizationCode!({
      ...granted,
      redirectUri: callback,
      codeChallenge: challenge,
      codeChallengeMethod: 'S256',
      dpopJkt: dpop_jkt,
    }).save();
    return { code, verifier };
  }

  /** What the pages for devices leave behind. */
  async answer({ body }: Reply, allowed: boolean): Promise<void> {
    const { DeviceCode } = this.house.provider;
    const found = (await DeviceCode.find(body.device_code)) as never as Made & {
      params: Record<string, string>;
      clientId: string;
    };
    const { scope, resource } = found.params;
    const refused = { error: 'access_denied', errorDescription: 'End-User aborted interaction' };
    const { client: _, ...granted } = await this.#grant(found.clientId, scope!, resource);
    Object.assign(found, allowed ? granted : refused);
    await found.save();
  }

  async expire(kind: 'AuthorizationCode' | 'DeviceCode', id: string): Promise<void> {
    const row = this.house.store.rows.get(`${kind}:${id}`)!;
    row.exp = this.seconds - 1;
  }

  certificate(name: CertificateName): string {
    return encodeURIComponent(this.house.certificates[name]);
  }

  async #grant(clientId: string, scope: string, resource: AuthorizationExtras[string]) {
    const { Grant, Client } = this.house.provider;
    const grant = new Grant({ accountId: 'alice', clientId });
    grant.addOIDCScope(scope);
    for (const one of [resource ?? []].flat()) grant.addResourceScope(one, scope);
    const grantId = await grant.save();
    const authTime = this.seconds;
    const client = await Client.find(clientId);
    return { accountId: 'alice', client, grantId, scope, resource, authTime, sid: grantId };
  }

  /** The responses as they are recorded: as far as they are compared with those of our own server. */
  outcome(): Outcome {
    const answers = this.replies.map(({ status, headers, body }) => {
      if (typeof body !== 'object' || body === null) return { told: comparable({ status, headers }) };
      const token =
        body.access_token === undefined ? {} : { access_token: this.#tokens.get(body.access_token) };
      return {
        told: comparable({ status, headers, members: Object.keys(body), body: { ...body, ...token } }),
      };
    });
    const recorded = answers.map((answer) => ({ headers: {}, order: [], ...answer }));
    let text = JSON.stringify({ answers: recorded, sessions: [] }).replaceAll(this.issuer, 'ISSUER');
    for (const [name, pem] of Object.entries(this.house.certificates))
      text = text.replaceAll(thumbprintOf(pem), `the certificate “${name}”`);
    return JSON.parse(text);
  }

  #read(token: string): unknown {
    const { rows } = this.house.store;
    const stored = rows.get(`AccessToken:${token}`) ?? rows.get(`ClientCredentials:${token}`);
    return stored ?? { claims: decodeJwt(token) };
  }
}
