import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { type ClientRegistration, ClientService, PolicyService, ResourceService } from '@curfew/clients';
import { Clock } from '@curfew/clock';
import { instant } from '@curfew/session-policy';
import { AccessTokenCodec, KeyRing, newId, RefreshTokenCodec, ServiceKeys } from '@curfew/tokens';
import { createRemoteJWKSet } from 'jose';
import { unpackAuthorization, unpackSignals } from '../../libs/sessions/src/store/session-columns.js';
import type { Person } from '../support/person.js';
import {
  authorizationRequest,
  deviceGrant,
  ledger,
  orders,
  ProtocolWorld,
  pkce,
  type TestClient,
} from './protocol-world.js';

class HostClock extends Clock {
  now(): ReturnType<typeof instant> {
    return instant(performance.timeOrigin + performance.now());
  }
}

const code: Omit<ClientRegistration, 'client_name'> = {
  redirect_uris: ['http://127.0.0.1:9/callback'],
  grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
  resources: [orders, ledger],
};
const machine: Omit<ClientRegistration, 'client_name'> = {
  grant_types: ['client_credentials'],
  resources: [orders],
};

/** Clients beside the usual ones, because cases change them or need them to be special. */
const twins = {
  changing: code,
  disabled: code,
  deleted: code,
  demoted: code,
  kept: code,
  strict: code,
  wary: code,
  short: code,
  several: code,
  bound: { ...code, dpop_bound_access_tokens: true },
  certified: { ...code, tls_client_certificate_bound_access_tokens: true },
  machine,
  'post-machine': { ...machine, token_endpoint_auth_method: 'client_secret_post' },
  'free-machine': { ...machine, resources: [] },
  'two-machine': { ...machine, resources: [orders, ledger] },
  'jwt-machine': { ...machine, resources: [ledger] },
  'bound-machine': { ...machine, dpop_bound_access_tokens: true },
  'narrow-machine': { ...machine, scope: 'orders:read' },
} as const satisfies Record<string, Omit<ClientRegistration, 'client_name'>>;

/** One of these clients. */
export type TwinName = keyof typeof twins;

/** Sign-ins of every kind, each made once and copied for each case. */
const templates = {
  web: ['web', { scope: 'openid orders:read orders:write', resource: orders }],
  plain: ['web', { scope: 'openid email profile' }],
  bare: ['web', { scope: 'openid' }],
  nonce: ['web', { scope: 'openid orders:read', resource: orders, nonce: 'n-0S6_WzA2Mj' }],
  named: ['web', { scope: 'openid email orders:read', resource: orders }],
  offline: ['web', { scope: 'openid offline_access orders:read', resource: orders, prompt: 'consent' }],
  api: ['web', { scope: 'orders:read orders:write', resource: orders }],
  jwt: ['web', { scope: 'openid orders:read', resource: ledger }],
  both: ['web', { scope: 'openid orders:read', resource: `${orders} ${ledger}` }],
  spa: ['spa', { scope: 'openid orders:read', resource: orders }],
  rs256: ['rs256', { scope: 'openid orders:read', resource: orders }],
  eddsa: ['eddsa', { scope: 'openid' }],
} as const satisfies Record<string, readonly [string, Record<string, string>]>;

/** A kind of sign-in. */
export type TemplateName = keyof typeof templates | 'device';

/** A server, clients, sessions to copy, and the keys to make and read tokens with. */
export class AnswersWorld {
  readonly refreshTokens: RefreshTokenCodec;
  readonly accessTokens: AccessTokenCodec;
  readonly foreignAccessTokens = new AccessTokenCodec(
    new KeyRing(new ServiceKeys([randomBytes(32).toString('hex')]).derive('access token')),
  );
  readonly clients: ClientService;
  readonly policies: PolicyService;
  readonly resources: ResourceService;
  readonly clock = new HostClock();
  /** The keys that the server publishes, asked for once. */
  readonly signingKeys: ReturnType<typeof createRemoteJWKSet>;
  /** Somebody who stays signed in. */
  readonly person: Person;
  readonly #sessions = new Map<TemplateName, string>();
  readonly #twins = new Map<string, TestClient>();

  private constructor(readonly protocol: ProtocolWorld) {
    const world = protocol;
    const keys = new ServiceKeys([world.server.environment['CURFEW_KEY_ENCRYPTION_SECRETS']!]);
    this.refreshTokens = new RefreshTokenCodec(new KeyRing(keys.derive('refresh token mac')));
    this.accessTokens = new AccessTokenCodec(new KeyRing(keys.derive('access token')));
    const prisma = world.database.prisma({ CURFEW_DATABASE_POOL_SIZE: '2' });
    const { clock } = this;
    this.signingKeys = createRemoteJWKSet(new URL(`${world.issuer}/jwks`));
    this.person = world.person();
    this.clients = new ClientService({ prisma, clock, rules: { allowPrivateAddresses: true } });
    this.policies = new PolicyService(prisma, clock);
    this.resources = new ResourceService(prisma, clock);
  }

  /** Without sign-ins to copy and without twins. */
  static async bare(
    settings: Readonly<Record<string, string>> = {},
    through?: (databaseUrl: string) => Promise<string>,
    main?: string,
  ): Promise<AnswersWorld> {
    const patient = { CURFEW_LOG_LEVEL: 'info', CURFEW_THROTTLE_CLIENT: '100000/1m' };
    const world = new AnswersWorld(await ProtocolWorld.start({ ...patient, ...settings }, through, main));
    // Without jitter, so that lifetimes can be compared.
    await world.#save('even', {});
    await world.policies.attach({ kind: 'everyone' }, 'even');
    return world;
  }

  static async start(
    settings: Readonly<Record<string, string>> = {},
    through?: (databaseUrl: string) => Promise<string>,
    main?: string,
  ): Promise<AnswersWorld> {
    const world = await AnswersWorld.bare(settings, through, main);
    const { protocol } = world;
    await world.#registerTwins();
    await world.#policies();
    for (const [name, [client, extra]] of Object.entries(templates))
      await world.#signIn(name as TemplateName, protocol.clients[client], { ...extra });
    await world.#signInDevice();
    return world;
  }

  stop(): Promise<void> {
    return this.protocol.stop();
  }

  twin(name: TwinName): TestClient {
    return this.#twins.get(`${name}-twin`)!;
  }

  /** The row that a template's sign-in left. */
  async template(name: TemplateName): Promise<Record<string, unknown>> {
    const [row] = await this.protocol.database.query<{ row: Record<string, unknown> }>(
      'SELECT to_jsonb(s) AS row FROM session s WHERE id = $1',
      [this.#sessions.get(name)],
    );
    return row!.row;
  }

  /** A session like the template's, with a refresh token of its own and whatever else is to be different. */
  async copy(
    name: TemplateName,
    change?: (row: Record<string, unknown>) => Record<string, unknown>,
    generation = 0,
  ): Promise<{ id: string; token: string; row: Record<string, unknown> }> {
    const stored = await this.template(name);
    // A change needs a row with every column; a copy without a change stays as the server stored it.
    const template = change ? whole(stored) : stored;
    const [id, secret] = [newId(this.clock.now()), randomBytes(32)];
    const authorization = { ...(template['authorization'] as object), sid: id };
    // The copy belongs to no browser: an end that reaches the browser would otherwise end the template, and with it every later copy.
    const own = { ...template, id, authorization, generation, browser_session_uid: null };
    const row = {
      ...own,
      token_hash: `\\x${createHash('sha256').update(secret).digest('hex')}`,
      ...change?.(own),
    };
    await this.protocol.database.query(
      'INSERT INTO session SELECT (jsonb_populate_record(NULL::session, $1)).*',
      [JSON.stringify(row)],
    );
    return { id, token: this.refreshTokens.encode({ sessionId: id, generation, secret }), row };
  }

  /** An access token as the server seals them, with these claims changed; undefined takes one out. */
  seal(claims: Readonly<Record<string, unknown>>, codec = this.accessTokens): string {
    const iat = Math.floor(this.clock.now() / 1000);
    const all = {
      kind: 'AccessToken',
      clientId: this.protocol.clients.web.id,
      aud: orders,
      scope: 'orders:read',
    };
    return codec.seal({ ...all, iat, exp: iat + 300, ...claims });
  }

  async #registerTwins(): Promise<void> {
    for (const [name, registration] of Object.entries(twins)) {
      const id = `${name}-twin`;
      const named = { client_name: `Twin ${name}`, ...registration };
      const { secret } = await this.clients.create(named as never, { id });
      this.#twins.set(id, { id, secret: secret ?? '', key: this.protocol.clients.robot.key });
    }
  }

  #save(name: string, settings: object): Promise<unknown> {
    return this.policies.save({
      name,
      previous: 0,
      settings: { basedOn: 'standard', accessTokenJitterPercent: 0, ...settings },
      createdBy: 'test',
    });
  }

  async #policies(): Promise<void> {
    await this.#save('kept', { rotation: 'never' });
    await this.#save('strict', { retryWindow: '0s', retryLimit: 0, onReuse: 'account' });
    await this.#save('wary', { deviceMismatch: 'end' });
    await this.#save('short', { accessTokenLifetime: '5m', inactivityTimeout: '6m' });
    for (const name of ['kept', 'strict', 'wary', 'short'] as const)
      await this.policies.attach({ kind: 'client', id: `${name}-twin` }, name);
  }

  async #signIn(name: TemplateName, client: TestClient, extra: Record<string, string>): Promise<void> {
    const { protocol: world } = this;
    const { verifier, challenge } = pkce();
    const { resource = '', ...rest } = extra;
    const parameters = authorizationRequest(client, world.callback, {
      code_challenge: challenge,
      code_challenge_method: 'S256',
      ...rest,
    });
    for (const one of resource.split(' ').filter(Boolean)) parameters.append('resource', one);
    const page = await world.person().follow(`${world.issuer}/authorize?${parameters}`);
    const given = page.url.searchParams.get('code');
    if (!given)
      throw new Error(`${name}: the sign-in ended at ${page.url} with ${page.status}: ${page.body}`);
    const more = resource.includes(' ') ? { resource: orders } : {};
    const { body } = await world.redeem(client, given, verifier, more as Record<string, string>);
    this.#remember(name, body);
  }

  async #signInDevice(): Promise<void> {
    const { protocol: world } = this;
    const { id: client_id } = world.clients.tv;
    const started = (await world.post('/device/authorization', { client_id, scope: 'openid' })).body;
    await world.person().follow(started.verification_uri_complete);
    const form = { grant_type: deviceGrant, device_code: started.device_code, client_id };
    this.#remember('device', (await world.post('/token', form)).body);
  }

  #remember(name: TemplateName, body: { refresh_token?: string }): void {
    const token = this.refreshTokens.decode(body.refresh_token ?? '');
    if (!token) throw new Error(`${name}: no refresh token in ${JSON.stringify(body)}`);
    this.#sessions.set(name, token.sessionId);
  }
}

/** An id that no client has. */
export const unknownId = (): string => `unknown-${randomUUID()}`;

/** A row with nothing left out of its JSON columns. */
function whole(row: Record<string, unknown>): Record<string, unknown> {
  const around = {
    id: String(row['id']),
    keyThumbprint: row['key_thumbprint'] as string | null,
    signedInAt: instant(Date.parse(String(row['signed_in_at']))),
    authenticatedAt: null,
    resources: row['resources'] as string[],
  };
  return {
    ...row,
    authorization: unpackAuthorization(row['authorization'] as object as Record<string, unknown>, around),
    baseline: unpackSignals(row['baseline'] as object),
  };
}
