import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { wallClock } from '@curfew/clock';
import { exportJWK, generateKeyPair } from 'jose';
import type { AdminClient, Json } from '../admin-client.js';
import { CommandError, exitCodes } from '../exit.js';
import { besides, type Installation, soon } from './installation.js';
import { type Credentials, callback, introspect, ownToken } from './oauth.js';
import type { Scenario } from './scenario.js';

/** Everything that scenarios make is called so, and then by a number of its own. */
const prefix = 'scenario-';
const mailDomain = '@example.test';
const audienceOf = (name: string): string => `https://${name}.example`;
const apiPath = (audience: string): string => `/v1/resources/${encodeURIComponent(audience)}`;
/** Leftovers of an interrupted scenario are removed by a later one at this age, which no scenario reaches. */
const leftoverAgeMs = 3_600_000;
const maxLeftovers = 1_000;
/** Nodes hear of a policy that was attached within this time; nothing public says when. */
const announcementMs = 200;
/** How long the nodes may take to follow the clock. */
const clockPatienceMs = 10_000;

/** Something that was made, and where it can be deleted. */
interface Made {
  readonly what: string;
  readonly path: string;
}

/** The account, the clients and the API of one scenario, made for it alone and removed after it. */
export class Stage {
  readonly #undo: Made[] = [];
  #policy: Readonly<Record<string, unknown>> = {};
  /** How far the clock of the installation is ahead of this process's, in milliseconds. */
  #aheadMs = 0;

  private constructor(
    readonly installation: Installation,
    readonly account: { readonly id: string; readonly username: string; password: string },
    readonly client: Credentials,
    readonly api: Credentials,
    readonly audience: string,
  ) {}

  /** Creates the accounts, clients and APIs of a scenario. If one cannot be created, the others are removed. */
  static async setUp(installation: Installation, scenario: Scenario): Promise<Stage> {
    const { admin } = installation;
    const name = `${prefix}${randomBytes(5).toString('hex')}`;
    const undo: Made[] = [];
    try {
      // The account first, because it is removed last: as long as it stands, the rest of an interrupted scenario can be found.
      const password = randomBytes(18).toString('base64url');
      const username = `${name}${mailDomain}`;
      const account = await make(admin, '/v1/accounts', { username, password, must_change_password: false });
      undo.push({ what: 'account', path: `/v1/accounts/${account.id}` });
      const audience = installation.gateway?.audience ?? audienceOf(name);
      if (!installation.gateway) {
        await make(admin, '/v1/resources', { audience, name: 'The API of a scenario', scopes: [] });
        undo.push({ what: 'API', path: apiPath(audience) });
      }
      const api = await makeClient(admin, `${name}-api`, 'secret', {
        client_name: 'The API of a scenario',
        redirect_uris: [],
        grant_types: ['client_credentials'],
        resources: [audience],
        resource: audience,
      });
      undo.push({ what: 'client', path: `/v1/clients/${api.id}` });
      const client = await makeClient(admin, name, scenario.client, {
        client_name: 'The application of a scenario',
        redirect_uris: [callback],
        grant_types: ['authorization_code', 'refresh_token'],
        resources: [audience],
      });
      undo.push({ what: 'client', path: `/v1/clients/${client.id}` });
      const stage = new Stage(installation, { id: account.id, username, password }, client, api, audience);
      stage.#undo.push(...undo);
      await stage.#readClock();
      if (Object.keys(scenario.policy).length > 0) await stage.changePolicy(scenario.policy);
      return stage;
    } catch (error) {
      await remove(admin, undo);
      throw error;
    }
  }

  /** Removes what was made, the latest first, and resolves to what could not be removed. */
  tearDown(): Promise<readonly string[]> {
    return remove(this.installation.admin, this.#undo.splice(0));
  }

  /** The instant by the clock of the installation, in milliseconds since the epoch. */
  now(): number {
    return wallClock() + this.#aheadMs;
  }

  /** Moves the clock of the installation and waits until its nodes follow. */
  async pass(seconds: number): Promise<void> {
    const { admin } = this.installation;
    await admin.send('POST', '/v1/clock/advance', { body: { seconds }, idempotent: true });
    await this.#readClock();
    const reached = Math.floor(this.now() / 1_000) - 1;
    const follows = async () => {
      const as = { ...this.installation, client: this.api, audience: this.audience, now: this.now() };
      const { tokens } = await ownToken(as, besides);
      if (tokens === null) return false;
      const { iat = 0 } = await introspect(as, tokens.accessToken, besides, false);
      return iat >= reached;
    };
    if (!(await soon(follows, clockPatienceMs)))
      throw new CommandError('the authorization server does not follow the clock that was moved');
  }

  /** Changes settings of the policy that the application of the scenario is under. */
  async changePolicy(settings: Readonly<Record<string, unknown>>): Promise<void> {
    const { admin } = this.installation;
    this.#policy = { ...this.#policy, ...settings };
    const written = { basedOn: 'standard', ...this.#policy };
    const name = await policyOf(admin, written);
    const target = { kind: 'client', client_id: this.client.id };
    await admin.send('PUT', '/v1/policy-attachments', { body: { target, policy: name } });
    await pause(announcementMs);
  }

  async #readClock(): Promise<void> {
    const { now } = await this.installation.admin.get('/v1/clock');
    this.#aheadMs = Date.parse(now) - wallClock();
  }
}

const make = async (admin: AdminClient, path: string, body: unknown): Promise<Json> =>
  (await admin.send('POST', path, { body, idempotent: true })).body;

async function makeClient(
  admin: AdminClient,
  id: string,
  kind: Scenario['client'],
  members: Readonly<Record<string, unknown>>,
): Promise<Credentials> {
  const key = kind === 'key' ? await newKey() : null;
  const body = {
    client_id: id,
    ...members,
    token_endpoint_auth_method: { secret: 'client_secret_basic', key: 'private_key_jwt', public: 'none' }[
      kind
    ],
    ...(key ? { jwks: { keys: [key.publicJwk] } } : {}),
  };
  const made = await make(admin, '/v1/clients', body);
  return { id, secret: made.client_secret ?? null, key: key?.privateJwk ?? null };
}

async function newKey() {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
  const common = { kid: randomUUID(), alg: 'ES256', use: 'sig' };
  return {
    publicJwk: { ...(await exportJWK(publicKey)), ...common },
    privateJwk: { ...(await exportJWK(privateKey)), ...common },
  };
}

/** The policy with these settings. Policies stay, so equal settings have one name, and no scenario makes a revision of another's. */
async function policyOf(admin: AdminClient, settings: Readonly<Record<string, unknown>>): Promise<string> {
  const digest = createHash('sha256').update(JSON.stringify(settings)).digest('hex').slice(0, 12);
  const name = `${prefix}${digest}`;
  try {
    await admin.send('POST', '/v1/policies', { body: { name, settings }, idempotent: true });
  } catch (error) {
    if (!(error instanceof CommandError) || error.exitCode !== exitCodes.conflict) throw error;
  }
  return name;
}

async function remove(admin: AdminClient, made: readonly Made[]): Promise<readonly string[]> {
  const left: string[] = [];
  for (const { what, path } of made.toReversed())
    await admin.send('DELETE', path).catch((error: unknown) => {
      const isGone = error instanceof CommandError && error.exitCode === exitCodes.notFound;
      if (!isGone) left.push(`${what} ${path}`);
    });
  return left;
}

/** Removes what interrupted scenarios left behind more than an hour ago, and resolves to what could not be removed. */
export async function removeLeftovers(admin: AdminClient): Promise<readonly string[]> {
  const { now } = await admin.get('/v1/clock');
  const accounts = await admin.list('/v1/accounts', { prefix, limit: 200 }, maxLeftovers);
  const old = accounts.filter(({ created_at: at }) => Date.parse(now) - Date.parse(at) >= leftoverAgeMs);
  const made = old.flatMap(({ id, username }) => {
    const name = username.slice(0, -mailDomain.length);
    return [
      { what: 'account', path: `/v1/accounts/${id}` },
      { what: 'API', path: apiPath(audienceOf(name)) },
      { what: 'client', path: `/v1/clients/${name}-api` },
      { what: 'client', path: `/v1/clients/${name}` },
    ];
  });
  return remove(admin, made);
}
