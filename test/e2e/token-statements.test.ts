import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { holdTable } from '../support/faults.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { writeReleaseRecord } from '../support/release-record.js';
import { countStatements, type StatementCounter } from '../support/statement-counter.js';
import { aKey, aProof } from './answers-proofs.js';
import { basic, Side } from './answers-side.js';
import { AnswersWorld, type TemplateName } from './answers-world.js';
import { assertionType, exchangeGrant, ledger, orders, type TestClient } from './protocol-world.js';

/** Requests of each kind, one after the other: together they need this many times the statements of one. */
const many = 40;

const passedFile = join(tmpdir(), `curfew-files-${randomUUID()}.json`);
let world: AnswersWorld;
let counter: StatementCounter;
beforeAll(async () => {
  const settings = {
    NODE_OPTIONS: `--import ${pathToFileURL(join(process.cwd(), 'test/support/files-passed.mjs'))}`,
    FILES_PASSED_TO: passedFile,
  };
  const through = async (url: string) => {
    counter = await countStatements(url);
    return counter.url;
  };
  // As it was compiled, file by file: a bundle is one file.
  world = await AnswersWorld.start(settings, through, 'apps/auth-server/dist/serve.js');
}, 120_000);
afterAll(async () => {
  if (process.env['CURFEW_RECORD_RELEASE']) writeReleaseRecord(counter.all());
  await world?.stop();
  await counter?.close();
  await rm(passedFile, { force: true });
});

/** The one statement by which a proof or an assertion is known to have been used. */
const theRecord = expect.stringMatching(/^INSERT INTO protocol_artifact\b/);

const aReadOfCodes = expect.stringMatching(
  /^SELECT [^;]* FROM unnest\([^;]* JOIN protocol_artifact a [^;]*LEFT JOIN protocol_artifact g\b/,
);
const aStart = expect.stringMatching(
  /^WITH asked [^;]*UPDATE protocol_artifact a SET consumed_at\b[^;]*INSERT INTO session\b/,
);
const anEnd = expect.stringMatching(/^WITH wanted [^;]*UPDATE session s SET ended_at\b/);
/** A statement that found nothing to write has waited for what it saw (ADR 111). */
const itsMark = expect.stringMatching(/^SELECT pg_logical_emit_message\b/);

interface Count {
  readonly reads: number;
  readonly writes: number;
  /** Statements that are neither. */
  readonly others: readonly string[];
}

const isRead = (statement: string) => /^SELECT\b.* FROM unnest\(.*\bJOIN session\b/i.test(statement);
const isWrite = (statement: string) =>
  /^(WITH .* AS \( ?)?UPDATE session s SET generation\b/i.test(statement);

/**
 * The statements that `work`, which is `many` requests, made the server ask the database. A server does things on its own as well (the
 * clock, registrations read anew, events and activity written behind), but none of them as often as once for every other request.
 */
async function asking(work: () => Promise<unknown>): Promise<Count> {
  counter.reset();
  await work();
  const carriedOut = [...counter.carriedOut()];
  const times = new Map<string, number>();
  for (const one of carriedOut) times.set(one, (times.get(one) ?? 0) + 1);
  const isOther = (one: string) => !isRead(one) && !isWrite(one) && times.get(one)! >= many / 2;
  return {
    reads: carriedOut.filter(isRead).length,
    writes: carriedOut.filter(isWrite).length,
    others: [...times.keys()].filter(isOther),
  };
}

const inTurn = async (times: number, work: () => Promise<unknown>) => {
  for (let turn = 0; turn < times; turn += 1) await work();
};

interface Refreshing {
  readonly client?: TestClient;
  readonly change?: (row: Record<string, unknown>) => Record<string, unknown>;
  /** The proof of who the client is, in each request. */
  readonly proof?: () => Promise<{ headers?: Record<string, string>; form?: Record<string, string> }>;
}

const noProof: NonNullable<Refreshing['proof']> = async () => ({});

async function refreshing(template: TemplateName, options: Refreshing = {}) {
  const { client = world.protocol.clients.web, change, proof = noProof } = options;
  const side = new Side(world);
  let { token } = await side.session(template, change);
  const once = async () => {
    const { headers = {}, form = {} } = await proof();
    const { status, body } = await side.refresh(token, form, client, headers);
    expect(status).toBe(200);
    token = body.refresh_token;
  };
  await inTurn(5, once);
  return asking(() => inTurn(many, once));
}

/** A token that an API got in exchange for one of this session (RFC 8693). */
function exchanged(grantId: string): string {
  const { id } = world.protocol.clients.ledgerActor;
  return world.seal({ grantId, clientId: id, act: { sub: id }, issuedAtMs: world.clock.now() });
}

/** A client that proves who it is with its key (RFC 7523), and an assertion of its own for each request. */
async function asserting(id: string) {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const keys = [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256', use: 'sig' }];
  const registration = {
    client_name: 'Asserting',
    redirect_uris: [world.protocol.callback],
    grant_types: ['authorization_code' as const, 'refresh_token' as const],
    token_endpoint_auth_method: 'private_key_jwt' as const,
    resources: [orders],
    jwks: { keys } as never,
  };
  await world.clients.create(registration, { id });
  const assertion = () =>
    new SignJWT({ iss: id, sub: id, aud: world.protocol.issuer, jti: randomUUID() })
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .setIssuedAt()
      .setExpirationTime('1m')
      .sign(privateKey);
  const proof = async () => ({
    form: { client_assertion_type: assertionType, client_assertion: await assertion() },
  });
  return { client: { ...world.protocol.clients.web, id, secret: '' }, proof };
}

describe('what the database is asked', () => {
  it('a refresh needs one read and one write that is its own commit', async () => {
    expect(await refreshing('api')).toEqual({ reads: many, writes: many, others: [] });
  });

  it('a refresh with an ID token needs no more', async () => {
    expect(await refreshing('web')).toEqual({ reads: many, writes: many, others: [] });
  });

  it('a refresh of a public client needs no more', async () => {
    const { spa } = world.protocol.clients;
    expect(await refreshing('spa', { client: spa })).toEqual({ reads: many, writes: many, others: [] });
  });

  it('a refresh for an API that wants JWTs needs no more', async () => {
    expect(await refreshing('jwt')).toEqual({ reads: many, writes: many, others: [] });
  });

  it('a refresh with personal claims reads the account as well', async () => {
    const { reads, writes, others } = await refreshing('named');
    expect({ reads, writes }).toEqual({ reads: many, writes: many });
    expect(others).toHaveLength(1);
    expect(others[0]).toMatch(/^SELECT [^;]* FROM account a LEFT JOIN account_profile p /);
  });

  it('a refresh with a DPoP proof needs no more: the write records it', async () => {
    const key = aKey();
    const change = (row: Record<string, unknown>) => ({
      key_thumbprint: key.thumbprint,
      authorization: { ...(row['authorization'] as object), jkt: key.thumbprint },
    });
    const proof = async () => ({ headers: { dpop: aProof(new Side(world), key) } });
    const count = await refreshing('spa', { client: world.protocol.clients.spa, change, proof });
    expect(count).toEqual({ reads: many, writes: many, others: [] });
  });

  it('a refresh with a client assertion records that assertion as well', async () => {
    const { client, proof } = await asserting('asserting');
    const change = () => ({ client_id: client.id });
    const count = await refreshing('api', { client, change, proof });
    expect(count).toEqual({ reads: many, writes: many, others: [theRecord] });
  });

  it('client assertions that come together are recorded together', async () => {
    const side = new Side(world);
    const { client, proof } = await asserting('asserting-at-once');
    const tokens: string[] = [];
    for (let made = 0; made < many; made += 1)
      tokens.push((await side.session('api', () => ({ client_id: client.id }))).token);
    const proofs = await Promise.all(tokens.map(() => proof()));
    counter.reset();
    const answers = await Promise.all(
      tokens.map((token, index) => side.refresh(token, proofs[index]!.form, client, {})),
    );
    expect(answers.map(({ status }) => status)).toEqual(tokens.map(() => 200));
    const records = [...counter.carriedOut()].filter((one) => /^INSERT INTO protocol_artifact\b/.test(one));
    expect(records.length).toBeGreaterThan(0);
    expect(records.length).toBeLessThan(many);
  });

  it('an introspection needs one read', async () => {
    const side = new Side(world);
    const token = world.seal({ grantId: (await side.session('web')).id });
    const once = async () => expect((await side.introspect(token)).body.active).toBe(true);
    await inTurn(5, once);
    expect(await asking(() => inTurn(many, once))).toEqual({ reads: many, writes: 0, others: [] });
  });

  it('an introspection of a token that was exchanged needs no more, and an exchange needs one read and one commit', async () => {
    const side = new Side(world);
    const { ledgerActor } = world.protocol.clients;
    const grantId = (await side.session('web')).id;
    const token = exchanged(grantId);
    const once = async () => expect((await side.introspect(token)).body.active).toBe(true);
    await inTurn(5, once);
    expect(await asking(() => inTurn(many, once))).toEqual({ reads: many, writes: 0, others: [] });

    const form = {
      grant_type: exchangeGrant,
      subject_token: world.seal({ grantId, aud: ledger }),
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      resource: orders,
    };
    const exchange = async () =>
      expect((await side.post('/token', form, basic(ledgerActor))).status).toBe(200);
    await inTurn(5, exchange);
    const { reads, writes, others } = await asking(() => inTurn(many, exchange));
    const itsPlace = expect.stringContaining('pg_current_xact_id_if_assigned');
    expect([reads, writes, others]).toEqual([
      many,
      0,
      [expect.stringMatching(/^INSERT INTO event\b/), itsPlace],
    ]);
  });

  it('client credentials need nothing', async () => {
    const side = new Side(world);
    const once = async () =>
      expect((await side.machine(side.twin('machine'), { scope: 'orders:read' })).status).toBe(200);
    await inTurn(5, once);
    expect(await asking(() => inTurn(many, once))).toEqual({ reads: 0, writes: 0, others: [] });
  });

  it('a code needs one read and one write, which is the one commit of code, session and event', async () => {
    const side = new Side(world);
    const request = { scope: 'openid orders:read', resource: orders };
    const codes: Awaited<ReturnType<Side['code']>>[] = [];
    for (let made = 0; made < 2 * many + 5; made += 1) codes.push(await side.code(request));
    const once = async () => {
      const { code, verifier } = codes.pop()!;
      const form = {
        grant_type: 'authorization_code',
        code,
        code_verifier: verifier,
        redirect_uri: world.protocol.callback,
      };
      expect((await side.post('/token', form, basic(side.web))).status).toBe(200);
    };
    await inTurn(5, once);
    const { others, ...rest } = await asking(() => inTurn(many, once));
    expect(rest).toEqual({ reads: 0, writes: 0 });
    expect(others).toEqual([aReadOfCodes, aStart]);

    // Codes that wait together are read and redeemed together: nobody can look into their table until they have come.
    counter.reset();
    const held = await holdTable(world.protocol.database.url, 'protocol_artifact');
    const together = Promise.all(Array.from({ length: many }, once));
    await held.arrived();
    await pause(1_000);
    await held.release();
    await together;
    for (const statement of [aReadOfCodes, aStart]) {
      const asked = counter.carriedOut().filter((one) => statement.asymmetricMatch(one)).length;
      expect(asked).toBeGreaterThan(0);
      expect(asked).toBeLessThan(many / 4);
    }
  });

  it('a code that was used before needs its read and the end of its session, and removes nothing', async () => {
    const side = new Side(world);
    const { code, verifier } = await side.code({ scope: 'openid orders:read', resource: orders });
    const form = {
      grant_type: 'authorization_code',
      code,
      code_verifier: verifier,
      redirect_uri: world.protocol.callback,
    };
    const once = async () => (await side.post('/token', form, basic(side.web))).status;
    expect([await once(), await once()]).toEqual([200, 400]);
    const { others, ...rest } = await asking(() => inTurn(many, once));
    expect(rest).toEqual({ reads: 0, writes: 0 });
    expect(others).toEqual([aReadOfCodes, anEnd, itsMark]);
  });

  it('what was never a token of ours needs nothing', async () => {
    const side = new Side(world);
    const garbage = `cfw_at_${'A'.repeat(120)}`;
    const once = async () => {
      expect((await side.introspect(garbage)).body).toEqual({ active: false });
      expect((await side.refresh(`cfw_rt_${'A'.repeat(92)}`)).body.error).toBe('invalid_grant');
    };
    await inTurn(5, once);
    expect(await asking(() => inTurn(many, once))).toEqual({ reads: 0, writes: 0, others: [] });
  });
});

describe('a gateway', () => {
  let folder: string;
  let gateway: RunningGateway;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'curfew-statements-'));
    const { api } = world.protocol.clients;
    await writeFile(join(folder, 'secret'), api.secret, { mode: 0o600 });
    const asApi = { audience: orders, clientId: api.id, clientSecretFile: 'secret' };
    const routes = {
      proxies: ['127.0.0.1'],
      forwarded: ['x-forwarded'],
      apis: { cold: { ...asApi, cacheFor: '0s' }, warm: { ...asApi, cacheFor: '30s' } },
      routes: ['cold', 'warm'].map((name) => ({
        name,
        hosts: [`${name}.example.test`],
        api: name,
        scopes: ['orders:read'],
      })),
    };
    await writeFile(join(folder, 'routes.yaml'), JSON.stringify(routes));
    const settings = { CURFEW_GATEWAY_ROUTES: join(folder, 'routes.yaml') };
    gateway = await startGateway(world.protocol.server, settings);
  }, 60_000);
  afterAll(async () => {
    await gateway?.stop();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  /** The statements of requests with one token, after some that are not counted. */
  const deciding = async (name: 'cold' | 'warm', token: string, grantId: string): Promise<Count> => {
    const headers = {
      authorization: `Bearer ${token}`,
      'x-forwarded-method': 'GET',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': `${name}.example.test`,
      'x-forwarded-uri': '/orders/7',
    };
    const once = async () => {
      const answer = await fetch(`${gateway.url}/forward-auth`, { headers });
      expect([answer.status, answer.headers.get('x-curfew-session')]).toEqual([200, grantId]);
    };
    await inTurn(5, once);
    return asking(() => inTurn(many, once));
  };

  it.each([
    ['cold', many],
    ['warm', 0],
  ] as const)(
    'whose memory is %s asks as much about a token that was exchanged as about any other',
    async (name, reads) => {
      const grantId = (await new Side(world).session('web')).id;
      for (const token of [world.seal({ grantId }), exchanged(grantId)])
        expect(await deciding(name, token, grantId)).toEqual({ reads, writes: 0, others: [] });
    },
  );
});

/** Tables that may be in different databases one day, and tables that may not (ADR 91). */
const placement = JSON.parse(readFileSync('prisma/placement.json', 'utf8')) as Record<string, string[]>;

describe('the statements of refreshes and introspections', () => {
  it('name sessions and what is beside them, hold nothing across sessions, and announce nothing', () => {
    const all = [...counter.all()].map((one) => one.replace(/\s+/g, ' '));
    const hot = all.filter((one) => isRead(one) || isWrite(one));
    expect(hot.length).toBeGreaterThanOrEqual(3);
    const tables = new Set(Object.values(placement).flat());
    const named = new Set(
      hot
        .flatMap((one) => [...one.matchAll(/\b(?:FROM|JOIN|INTO|UPDATE) (\w+)/gi)].map(([, name]) => name!))
        .filter((name) => tables.has(name)),
    );
    expect([...named].sort()).toEqual(expect.arrayContaining(['not_before', 'session']));
    expect(
      [...named].filter((name) => name !== 'session' && !placement['beside_sessions']!.includes(name)),
    ).toEqual([]);
    expect(hot.filter((one) => /pg_notify|advisory|FOR UPDATE|LOCK TABLE/i.test(one))).toEqual([]);
  });
});

/** How often each of many sign-ins in a new browser makes the server ask, and how often of these to write. */
async function signingIn(extra: Record<string, string>): Promise<{ asked: number; written: number }> {
  const { protocol } = world;
  const once = async () => {
    const { query } = await protocol.authorize(protocol.clients.web, extra, protocol.person());
    expect(query.get('code')).not.toBeNull();
  };
  await inTurn(5, once);
  counter.reset();
  await inTurn(many, once);
  const carriedOut = counter.carriedOut().filter((one) => !isBackground(one));
  const written = carriedOut.filter((one) => /\b(?:INSERT INTO|UPDATE|DELETE FROM) /.test(one));
  const each = (all: readonly string[]) => Math.round(all.length / many);
  return { asked: each(carriedOut), written: each(written) };
}

/** The work that a server does on its own is no part of any sign-in. */
const isBackground = (one: string) =>
  !/\b(?:protocol_artifact|throttle|browser_session|account|consent)\b/.test(one);

describe('a sign-in', () => {
  it('with consent asks eight times, four of them to write', async () => {
    const asked = { scope: 'openid offline_access', prompt: 'consent' };
    expect(await signingIn(asked)).toEqual({ asked: 8, written: 4 });
  });

  it('whose consent is remembered asks four times, three of them to write', async () => {
    expect(await signingIn({ scope: 'openid' })).toEqual({ asked: 4, written: 3 });
  });
});

describe('the files of this product of which a function runs', () => {
  /** Those since the last call. */
  const passed = async (): Promise<readonly string[]> => {
    await rm(passedFile, { force: true });
    process.kill(world.protocol.server.pid, 'SIGUSR2');
    for (let turns = 0; !existsSync(passedFile) && turns < 500; turns += 1) await pause(10);
    const urls: string[] = JSON.parse(await readFile(passedFile, 'utf8'));
    return urls.flatMap((url) => /\/((?:libs|apps)\/[^/]+)\/dist\/(.*)$/.exec(url)?.slice(1).join('/') ?? []);
  };

  /** The fewest in some tries: the server also does things on its own. */
  const fewest = async (work: () => Promise<unknown>): Promise<readonly string[]> => {
    const tries: (readonly string[])[] = [];
    for (let turn = 0; turn < 5; turn += 1) {
      await passed();
      await work();
      tries.push(await passed());
    }
    return tries.toSorted((a, b) => a.length - b.length)[0]!;
  };

  const roomsOf = (files: readonly string[]) =>
    new Set(files.map((file) => file.split('/').slice(0, 2).join('/')));

  /** The figures of docs/structure-before-and-after.md: of a refresh, and of an introspection. */
  const written = async (): Promise<readonly [refresh: number, introspection: number]> => {
    const page = await readFile('docs/structure-before-and-after.md', 'utf8');
    const [, refresh, introspection] = /^\| files passed by .*? \| (\d+); (\d+) +\|/m.exec(page) ?? [];
    return [Number(refresh), Number(introspection)];
  };
  /** As many as the page says; fewer by so few that another part of the same request may have run, or not. */
  const spread = 3;
  const areAsWritten = (files: readonly string[], count: number) => ({
    count: files.length <= count && files.length >= count - spread ? count : files.length,
    files: files.toSorted(),
  });

  // ADR 126. A path that grows is seen here.
  it('in a refresh are as many as the page about the structure says, in every room that README.md draws', async () => {
    const side = new Side(world);
    let { token } = await side.session('api');
    const refresh = async () => {
      const { status, body } = await side.refresh(token);
      expect(status).toBe(200);
      token = body.refresh_token;
    };
    await inTurn(5, refresh);
    const files = await fewest(refresh);
    expect(files).toContain('libs/token-endpoint/grants/refresh-token.js');
    const [count] = await written();
    expect(areAsWritten(files, count)).toEqual({ count, files: files.toSorted() });
    expect(count).toBeLessThanOrEqual(45);
    const [, drawing = ''] = /```mermaid([\s\S]*?)```/.exec(await readFile('README.md', 'utf8')) ?? [];
    const drawn = drawing.match(/\b(?:libs|apps)\/[a-z-]+/g) ?? [];
    expect(drawn.length).toBeGreaterThan(5);
    expect([...roomsOf(files)]).toEqual(expect.arrayContaining(drawn));
  });

  it('in an introspection are as many as the page about the structure says', async () => {
    const side = new Side(world);
    const token = world.seal({ grantId: (await side.session('web')).id });
    const introspect = async () => expect((await side.introspect(token)).body.active).toBe(true);
    await inTurn(5, introspect);
    const files = await fewest(introspect);
    expect(files).toContain('libs/token-endpoint/introspection.js');
    const [, count] = await written();
    expect(areAsWritten(files, count)).toEqual({ count, files: files.toSorted() });
    expect(count).toBeLessThanOrEqual(30);
  });
});
