import { setTimeout as pause } from 'node:timers/promises';
import { type Account, SignInThrottle, Throttle } from '@curfew/accounts';
import { Passkeys, relyingPartyOf, SecondFactors } from '@curfew/accounts/factors';
import { ArtifactStore, InteractionUsed, StagedWrites } from '@curfew/artifacts';
import { ManualClock } from '@curfew/clock';
import { HotStatements, type PrismaService } from '@curfew/persistence';
import { instant, seconds } from '@curfew/session-policy';
import { KeyRing, PayloadSeal, ServiceKeys, secretSeal } from '@curfew/tokens';
import { Authenticator } from '../support/authenticator.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { type CeremonyOptions, type Forgery, SoftwarePasskey } from '../support/software-passkey.js';

let database: TestDatabase;
const clock = new ManualClock(instant(1_800_000_000_000));
const keys = new ServiceKeys(['one secret of the service, long enough', 'an older secret of the service']);
const binding = 'browser';

const passkeysOn = (prisma: PrismaService, issuer = 'https://id.example.test') =>
  new Passkeys({
    prisma,
    clock,
    throttle: new Throttle(prisma, clock),
    relyingParty: relyingPartyOf(issuer),
    challengeKeys: keys.derive('passkey challenge').map(({ key }) => key),
    name: 'id.example.test',
  });
const nodeOn = (prisma: PrismaService, secrets = keys) =>
  new SecondFactors({
    passkeys: passkeysOn(prisma),
    prisma,
    clock,
    throttle: new Throttle(prisma, clock),
    seal: secretSeal(secrets, 'second factor'),
    codeKeys: secrets.derive('recovery code').map(({ key }) => key),
    issuer: 'id.example.test',
  });
let prisma: PrismaService;
let nodes: readonly SecondFactors[];
beforeAll(async () => {
  database = await createTestDatabase();
  prisma = database.prisma();
  nodes = [nodeOn(database.prisma()), nodeOn(database.prisma())];
}, 60_000);
afterAll(() => database?.drop());

let number = 0;
const anAccount = async (): Promise<Account> => {
  const id = `00000000-0000-4000-8000-${String(++number).padStart(12, '0')}`;
  const at = new Date(clock.now());
  await prisma.account.create({
    data: {
      ...{ id, username: `person-${number}`, passwordHash: 'none' },
      ...{ passwordChangedAt: at, createdAt: at, updatedAt: at },
    },
  });
  return { id, username: `person-${number}` } as Account;
};

/** An account with an app that was set up a while ago. */
const enrolled = async () => {
  const account = await anAccount();
  const [node] = nodes;
  await node!.propose(account, binding);
  const { secret } = (await node!.proposed(account, binding))!;
  const app = new Authenticator(secret, () => clock.now());
  const shown = { account, binding, typed: app.code() };
  const codes = await prisma.$transaction((tx) => node!.confirm(shown, tx));
  clock.advance(seconds(300));
  return { account, app, codes: codes!.codes! };
};
/** Tries a code so many times at once, on both nodes, each time from another network. */
const tryAtOnce = async (account: Account, typed: string, times = 50) => {
  const verdicts = await Promise.all(
    Array.from({ length: times }, (_, index) =>
      nodes[index % 2]!.verify(account, { typed, networkKey: `network-${index}` }),
    ),
  );
  return verdicts.filter(({ kind }) => kind === 'ok').length;
};

describe('a one-time password', () => {
  it('is taken once, however often and wherever it is tried at once', async () => {
    for (let round = 0; round < 10; round++) {
      const { account, app } = await enrolled();
      expect(await tryAtOnce(account, app.code())).toBe(1);
      expect(await tryAtOnce(account, app.code(), 2)).toBe(0);
    }
  });

  it.each([
    [-2, 0],
    [-1, 1],
    [0, 1],
    [1, 1],
    [2, 0],
  ])('of the time step %i from now is taken %i times', async (steps, taken) => {
    const { account, app } = await enrolled();
    expect(await tryAtOnce(account, app.code(steps), 2)).toBe(taken);
  });

  it('of an earlier step is not taken after a later one', async () => {
    const { account, app } = await enrolled();
    expect(await tryAtOnce(account, app.code(1), 1)).toBe(1);
    expect(await tryAtOnce(account, app.code(0), 1)).toBe(0);
  });

  it('is nothing before its app was confirmed, or for another browser', async () => {
    const account = await anAccount();
    await nodes[0]!.propose(account, binding);
    const { secret } = (await nodes[1]!.proposed(account, binding))!;
    const typed = new Authenticator(secret, () => clock.now()).code();
    expect(await tryAtOnce(account, typed, 2)).toBe(0);
    expect(await nodes[0]!.proposed(account, 'another browser')).toBeNull();
    const confirm = (shown: string) =>
      prisma.$transaction((tx) => nodes[0]!.confirm({ account, binding: shown, typed }, tx));
    expect(await confirm('another browser')).toBeNull();
    clock.advance(seconds(600));
    expect(await confirm(binding)).toBeNull();
  });

  it('is not guessed: ten attempts from a network, a hundred from anywhere, then one in a quarter of an hour', async () => {
    const { account, app } = await enrolled();
    const kinds = async (times: number, network: (index: number) => string) => {
      const seen: string[] = [];
      for (let index = 0; index < times; index++)
        seen.push((await nodes[0]!.verify(account, { typed: '000000', networkKey: network(index) })).kind);
      return seen;
    };
    expect(await kinds(11, () => 'one')).toEqual([...Array(10).fill('invalid'), 'throttled']);
    const others = await kinds(92, (index) => `other-${index}`);
    expect(others.filter((kind) => kind === 'throttled')).toHaveLength(1);
    clock.advance(seconds(901));
    expect(await nodes[0]!.verify(account, { typed: app.code(), networkKey: 'one' })).toMatchObject({
      kind: 'ok',
    });
    expect(await kinds(2, () => 'one')).toEqual(['invalid', 'invalid']);
  });

  it('is neither kept from its owner nor made easier to guess by a thief of the password', async () => {
    const { account, app } = await enrolled();
    const attempt = async (typed: string, networkKey: string, deviceKey?: string) =>
      (await nodes[0]!.verify(account, { typed, networkKey, deviceKey })).kind;
    const ownerAt = async (...place: [networkKey: string, deviceKey?: string]) => {
      clock.advance(seconds(60));
      return attempt(app.code(), ...place);
    };
    expect([await ownerAt('home'), await ownerAt('office', 'laptop')]).toEqual(['ok', 'ok']);
    for (let index = 0; index < 101; index++) await attempt('000000', `thief-${index}`, 'made up');
    // The thief has used up what strangers have; the owner comes from where they were, or with the browser that they had.
    expect(await attempt('000000', 'thief')).toBe('throttled');
    expect([await ownerAt('home'), await ownerAt('hotel', 'laptop')]).toEqual(['ok', 'ok']);
    expect(await attempt('000000', 'thief')).toBe('throttled');
    await new SignInThrottle(new Throttle(database.prisma(), clock)).forgive(account);
    expect(await attempt('000000', 'thief')).toBe('invalid');
  });
});

describe('a recovery code', () => {
  it('is one of ten, works once in any spelling, and no more after new ones', async () => {
    const { account, codes } = await enrolled();
    expect(new Set(codes).size).toBe(10);
    const [first, second, third] = codes;
    expect(await tryAtOnce(account, first!.toUpperCase().replaceAll('-', ' '))).toBe(1);
    expect(await nodes[1]!.state(account.id)).toMatchObject({ recoveryCodes: 9 });
    expect(await tryAtOnce(account, second!, 1)).toBe(1);
    const renewed = await prisma.$transaction((tx) => nodes[0]!.renewCodes(account.id, tx));
    expect(await tryAtOnce(account, third!, 1)).toBe(0);
    expect(await tryAtOnce(account, renewed![0]!, 1)).toBe(1);
  });

  it('is the only code that is taken where an app’s is not enough, and that one is not used up', async () => {
    const { account, app, codes } = await enrolled();
    const attempt = async (typed: string, recoveryOnly: boolean) =>
      (await nodes[0]!.verify(account, { typed, recoveryOnly, networkKey: 'one' })).kind;
    expect([await attempt(app.code(), true), await attempt(codes[0]!, true)]).toEqual(['invalid', 'ok']);
    expect(await attempt(app.code(), false)).toBe('ok');
  });

  it('is not left behind by a renewal at the moment when the last factor is removed, or after it', async () => {
    for (let round = 0; round < 20; round++) {
      const { account } = await enrolled();
      const renew = () => prisma.$transaction((tx) => nodes[round % 2]!.renewCodes(account.id, tx));
      const remove = () => prisma.$transaction((tx) => nodes[0]!.removeApp(account.id, tx));
      await Promise.all(round % 2 ? [renew(), remove()] : [remove(), renew()]);
      expect(await nodes[1]!.state(account.id)).toEqual({ totp: null, passkeys: [], recoveryCodes: 0 });
      expect(await renew()).toBeNull();
      expect((await nodes[1]!.state(account.id)).recoveryCodes).toBe(0);
    }
  });

  it('is not that of another account', async () => {
    const [one, other] = [await enrolled(), await enrolled()];
    expect(await tryAtOnce(other.account, one.codes[0]!, 1)).toBe(0);
  });

  it('is still known after the secrets of the service were rolled over', async () => {
    const { account, codes, app } = await enrolled();
    const older = new ServiceKeys([
      'a new secret of the service, long enough',
      'one secret of the service, long enough',
    ]);
    const node = nodeOn(database.prisma(), older);
    const attempt = (typed: string) => node.verify(account, { typed, networkKey: 'one' });
    expect(await attempt(codes[0]!)).toMatchObject({ kind: 'ok', by: 'recovery_code' });
    expect(await attempt(app.code())).toMatchObject({ kind: 'ok', by: 'totp' });
  });
});

it('keeps neither secrets nor codes in the clear, and removes all of them', async () => {
  const { account, codes } = await enrolled();
  const stored = JSON.stringify(
    await database.query(
      `SELECT encode(secret, 'escape') AS secret FROM totp_factor
       UNION ALL SELECT encode(code_hash, 'escape') FROM recovery_code`,
    ),
  );
  for (const code of codes) expect(stored).not.toContain(code.replaceAll('-', ''));
  for (const hadApp of [true, false])
    expect(await prisma.$transaction((tx) => nodes[0]!.remove(account.id, tx))).toEqual({
      hadApp,
      passkeys: [],
    });
  expect(await nodes[0]!.state(account.id)).toEqual({ totp: null, passkeys: [], recoveryCodes: 0 });
  expect(await tryAtOnce(account, codes[0]!, 1)).toBe(0);
  const [row] = await database.query<{ second_factors: string[] }>(
    `SELECT second_factors FROM account WHERE id = '${account.id}'`,
  );
  expect(row!.second_factors).toEqual([]);
});

describe('a browser that is remembered', () => {
  const [token, other] = ['a'.repeat(43), 'b'.repeat(43)];
  const week = seconds(7 * 86_400);
  const ago = (length: number) => instant(clock.now() - length * 1000);
  const remembered = async (browserSessionUid: string) => {
    const { account } = await enrolled();
    const { version } = await nodes[0]!.authenticators(account.id);
    const browser = {
      accountId: account.id,
      token,
      version,
      browserSessionUid,
      browser: 'Firefox',
      system: null,
    };
    const until = instant(clock.now() + week * 1000);
    await prisma.$transaction((tx) => nodes[0]!.browsers.remember(browser, clock.now(), until, tx));
    return account.id;
  };
  const knows = (accountId: string, shown = token, days: number = week) =>
    nodes[1]!.browsers.knows(accountId, shown, ago(days), clock.now());
  const endedFor = (reason: string) => async (_: string, uid: string) => {
    const at = new Date(clock.now());
    await prisma.browserSession.create({
      data: {
        ...{ idHash: Buffer.from(uid), uid, payload: Buffer.alloc(0), expiresAt: at },
        ...{ endedAt: at, endReason: reason },
      },
    });
  };

  it.each<[string, boolean, (accountId: string, uid: string) => Promise<unknown>]>([
    ['nothing happens', true, async () => clock.advance(seconds(6 * 86_400))],
    ['its time is over', false, async () => clock.advance(week)],
    ['its sign-in timed out', true, endedFor('inactivity_timeout')],
    ['its sign-in grew too old', true, endedFor('absolute_lifetime')],
    ['its person signed out', false, endedFor('logout')],
    ['its person ended it elsewhere', false, endedFor('ended_by_user')],
    ['an administrator ended it', false, endedFor('ended_by_administrator')],
    [
      'the password is another one',
      false,
      async (id) =>
        prisma.account.update({ where: { id }, data: { passwordChangedAt: new Date(clock.now()) } }),
    ],
    ['a factor is removed', false, async (id) => prisma.$transaction((tx) => nodes[0]!.removeApp(id, tx))],
    ['it is forgotten', false, async (id) => prisma.$transaction((tx) => nodes[0]!.browsers.forget(id, tx))],
  ])('where %s counts: %p', async (_, counts, happens) => {
    const uid = `browser-${++number}`;
    const accountId = await remembered(uid);
    clock.advance(seconds(1));
    expect([await knows(accountId), await knows(accountId, other)]).toEqual([true, false]);
    await happens(accountId, uid);
    expect(await knows(accountId)).toBe(counts);
    expect(await nodes[1]!.browsers.ofAccount(accountId, clock.now())).toHaveLength(counts ? 1 : 0);
  });

  it('ends with the sign-in that followed, and no later one brings it back; another value takes its place', async () => {
    const [uid, next, last] = [1, 2, 3].map(() => `browser-${++number}`);
    const accountId = await remembered(uid!);
    const { browsers } = nodes[0]!;
    await endedFor('inactivity_timeout')('', uid!);
    await browsers.follow(accountId, token, next!, clock.now());
    expect(await knows(accountId)).toBe(true);
    await endedFor('logout')('', next!);
    await browsers.follow(accountId, token, last!, clock.now());
    expect(await knows(accountId)).toBe(false);

    const { version } = await nodes[0]!.authenticators(accountId);
    for (const [value, replaces] of [[token.replaceAll('a', 'c')], [other, token.replaceAll('a', 'c')]])
      await prisma.$transaction((tx) =>
        browsers.remember(
          {
            ...{ accountId, token: value!, replaces, version, browserSessionUid: last! },
            ...{ browser: null, system: null },
          },
          clock.now(),
          instant(clock.now() + week * 1000),
          tx,
        ),
      );
    expect(await browsers.ofAccount(accountId, clock.now())).toHaveLength(1);
    expect(await knows(accountId, other)).toBe(true);
  });

  it('is known to no other account, and not for longer than a policy that became shorter', async () => {
    const [one, stranger] = [await remembered(`browser-${++number}`), await anAccount()];
    clock.advance(seconds(2 * 86_400));
    expect([await knows(one), await knows(one, token, 86_400), await knows(stranger.id)]).toEqual([
      true,
      false,
      false,
    ]);
  });
});

describe('a passkey', () => {
  const page = 'the page of one browser';
  const origin = 'https://id.example.test';
  type Tx = Parameters<SecondFactors['remove']>[1];
  const inTransaction = <T>(work: (tx: Tx) => Promise<T>) => prisma.$transaction(work);
  let passkeys: readonly Passkeys[];
  beforeAll(() => {
    passkeys = [passkeysOn(database.prisma()), passkeysOn(database.prisma())];
  });
  const asked = () => passkeys[0]!.toShow(page) as unknown as CeremonyOptions;
  const add = async (account: Account, key: SoftwarePasskey, name = 'Laptop') => {
    const { passkeys: has } = await nodes[0]!.state(account.id);
    const typed = key.make(passkeys[0]!.toMake(account, page, has) as unknown as CeremonyOptions);
    return keep({ account, binding: page, name, typed }, nodes[1]!);
  };
  type Shown = Parameters<SecondFactors['makePasskey']>[0];
  const keep = async (shown: Shown, node = nodes[0]!) => {
    const made = await node.makePasskey(shown);
    return typeof made === 'string' ? made : inTransaction((tx) => node.addPasskey(made, tx));
  };
  const withPasskey = async () => {
    const account = await anAccount();
    const key = new SoftwarePasskey(origin);
    const added = await add(account, key);
    return { account, key, added };
  };
  const shown = async (typed: string, node = 0, binding = page) =>
    (await passkeys[node]!.verify({ typed, binding })).kind;

  it('opens its account, is named, and tells when it was used; the first brings recovery codes', async () => {
    const { account, key, added } = await withPasskey();
    expect(added).toMatchObject({ isPlatform: true, codes: { length: 10 } });
    expect(await passkeys[1]!.verify({ typed: key.show(asked()), binding: page })).toEqual({
      ...{ kind: 'ok', accountId: account.id, provedAt: clock.now() },
      account: expect.objectContaining({ ...account, secondFactors: ['passkey'] }),
    });
    expect(await add(account, new SoftwarePasskey(origin), 'Key ring')).toMatchObject({ codes: null });
    const state = await nodes[0]!.state(account.id);
    expect(state.passkeys).toMatchObject([
      { name: 'Laptop', lastUsedAt: clock.now(), isBackedUp: true, isPlatform: true },
      { name: 'Key ring', lastUsedAt: null },
    ]);
    expect(state.recoveryCodes).toBe(10);
  });

  it('signs nobody in whose account was disabled between the check of its answer and the commit', async () => {
    const hot = new HotStatements(database.configuration(), 1);
    const commit = async (isDisabled: boolean): Promise<boolean> => {
      const { account, key } = await withPasskey();
      const proof = await passkeys[0]!.prove({ typed: key.show(asked()), binding: page }, {});
      if (proof.kind !== 'ok') throw new Error(proof.kind);
      const disabledAt = isDisabled ? new Date(clock.now()) : null;
      await prisma.account.update({ where: { id: account.id }, data: { disabledAt } });
      const writes = new StagedWrites();
      writes.passkeyUse = proof.use;
      const seal = new PayloadSeal(new KeyRing(keys.derive('test')));
      return new ArtifactStore(prisma, seal, hot).commit(writes);
    };
    try {
      expect(await commit(false)).toBe(true);
      await expect(commit(true)).rejects.toThrow(InteractionUsed);
    } finally {
      await hot.close();
    }
  });

  it('answers one challenge once, however often and wherever it is tried at once', async () => {
    for (let round = 0; round < 5; round++) {
      const { key } = await withPasskey();
      const typed = key.show(asked());
      const kinds = await Promise.all(Array.from({ length: 50 }, (_, index) => shown(typed, index % 2)));
      expect(kinds.filter((kind) => kind === 'ok')).toHaveLength(1);
      expect(await shown(typed)).toBe('stale');
    }
  });

  it('answers nothing but the challenge of this browser, for an hour, and for this ceremony', async () => {
    const { account, key } = await withPasskey();
    const other = passkeys[0]!.toShow('another browser') as unknown as CeremonyOptions;
    const making = passkeys[0]!.toMake(account, page, []) as unknown as CeremonyOptions;
    for (const challenge of [other.challenge, making.challenge, 'made up', ''])
      expect(await shown(key.show(asked(), { challenge }))).toBe('stale');
    const late = key.show(asked());
    clock.advance(seconds(3600));
    expect(await shown(late)).toBe('stale');
  });

  it.each<[string, (key: SoftwarePasskey, other: SoftwarePasskey) => Forgery]>([
    ['of another origin', () => ({ origin: 'https://evil.example.test' })],
    ['of another port', () => ({ origin: `${origin}:8443` })],
    ['without https', () => ({ origin: 'http://id.example.test' })],
    ['of another relying party', () => ({ rpId: 'example.test' })],
    ['of another ceremony', () => ({ type: 'webauthn.create' })],
    ['out of a frame', () => ({ client: { crossOrigin: true } })],
    ['with a top origin', () => ({ client: { topOrigin: origin } })],
    ['with nobody present', () => ({ flags: 0b1_1100 })],
    ['with nobody verified', () => ({ flags: 0b1_1001 })],
    ['that names nobody', () => ({ userHandle: null })],
    ['that names another account', () => ({ userHandle: Buffer.alloc(16).toString('base64url') })],
    ['under the id of another passkey', (_, other) => ({ id: other.id.toString('base64url') })],
    ['with an unknown id', () => ({ id: 'AAAA' })],
    ['with another signature', () => ({ signature: Buffer.alloc(70).toString('base64url') })],
    ['without a signature', () => ({ signature: '' })],
  ])('%s is refused', async (_, forge) => {
    const [{ account, key }, { key: other }] = [await withPasskey(), await withPasskey()];
    expect(await shown(key.show(asked(), forge(key, other)))).toBe('invalid');
    expect(await nodes[0]!.state(account.id)).toMatchObject({ passkeys: [{ lastUsedAt: null }] });
    expect(await shown(key.show(asked()))).toBe('ok');
  });

  it.each([
    '',
    '{}',
    'null',
    '[]',
    '"x"',
    '{"id":1}',
    '{"id":"AAAA","response":null}',
    '{"id":"A","response":{}}',
  ])('is not %p', async (typed) => expect(await shown(typed)).toBe('invalid'));

  it('that counts is refused where its counter does not go on, as that of a copy does not', async () => {
    const { key } = await withPasskey();
    for (const [counter, kind] of [
      [5, 'ok'],
      [5, 'invalid'],
      [4, 'invalid'],
      [0, 'invalid'],
      [6, 'ok'],
    ] as const)
      expect([counter, await shown(key.show(asked(), { counter }))]).toEqual([counter, kind]);
  });

  it.each<[string, Forgery]>([
    ['of another origin', { origin: 'https://evil.example.test' }],
    ['of another relying party', { rpId: 'evil.example.test' }],
    ['of another ceremony', { type: 'webauthn.get' }],
    ['with nobody verified', { flags: 0b1_1001 }],
    ['with an attestation that cannot be read', { attestation: Buffer.from('a1', 'hex') }],
    [
      'with an attestation that names certificates',
      {
        attestation: Buffer.from(
          'a363666d7466667061636b65646761747453746d74a16378356381414168617574684461746141',
          'hex',
        ),
      },
    ],
  ])('%s is not kept', async (_, forgery) => {
    const account = await anAccount();
    const options = passkeys[0]!.toMake(account, page, []) as unknown as CeremonyOptions;
    const typed = new SoftwarePasskey(origin).make(options, forgery);
    const made = { account, binding: page, name: 'Laptop', typed };
    expect(await keep(made)).toBe('invalid');
  });

  it('is made once, for one account, and by its browser alone', async () => {
    const [account, other] = [await anAccount(), await anAccount()];
    const options = passkeys[0]!.toMake(account, page, []) as unknown as CeremonyOptions;
    const typed = new SoftwarePasskey(origin).make(options);
    const make = (whose: Account, binding: string) =>
      keep({ account: whose, binding, name: 'Laptop', typed });
    expect([await make(other, page), await make(account, 'another browser')]).toEqual(['stale', 'stale']);
    const all = await Promise.all(Array.from({ length: 10 }, () => make(account, page)));
    expect(all.filter((one) => typeof one !== 'string')).toHaveLength(1);
  });

  it('is one of twenty at most, also where two are added at once', async () => {
    const { account } = await withPasskey();
    for (let count = 1; count < 19; count++) await add(account, new SoftwarePasskey(origin));
    const last = await Promise.all([1, 2, 3].map(() => add(account, new SoftwarePasskey(origin))));
    expect(last.filter((one) => one === 'too_many')).toHaveLength(2);
  });

  it('that the account gets while a proof without it is on its way lets no change through after it, in 200 races', async () => {
    const went = { on: 0, refused: 0 };
    const seen: number[] = [];
    for (let round = 0; round < 200; round++) {
      const { account } = await enrolled();
      const { version, kinds } = await nodes[0]!.authenticators(account.id);
      expect(kinds).toEqual(['totp']);
      const added = add(account, new SoftwarePasskey(origin));
      await pause(round % 16);
      const change = inTransaction(async (tx) => {
        await nodes[1]!.require(account.id, version, tx);
        const before = await tx.passkey.count({ where: { accountId: account.id } });
        await nodes[1]!.removeApp(account.id, tx);
        seen.push(before, await tx.passkey.count({ where: { accountId: account.id } }));
      });
      const outcome = change.then(
        () => 'on' as const,
        (error) => {
          expect(error).toMatchObject({ code: 'authenticators_changed' });
          return 'refused' as const;
        },
      );
      await added;
      went[await outcome] += 1;
    }
    expect(seen.filter((count) => count > 0)).toEqual([]);
    // Otherwise the two were never at the same place at once.
    expect([went.on > 0, went.refused > 0, went.on + went.refused]).toEqual([true, true, 200]);
  }, 120_000);

  it.each<[string, (account: Account, id: string, tx: Tx) => Promise<unknown>]>([
    ['the app is removed', (account, _, tx) => nodes[0]!.removeApp(account.id, tx)],
    ['another is removed', (account, id, tx) => nodes[0]!.removePasskey(account.id, id, tx)],
    ['all are removed', (account, _, tx) => nodes[0]!.remove(account.id, tx)],
  ])('is added at the moment when %s: the account tells of what it has', async (_, change) => {
    for (let round = 0; round < 20; round++) {
      const { account } = await enrolled();
      const key = new SoftwarePasskey(origin);
      await add(account, key);
      const id = key.id.toString('base64url');
      await Promise.all([
        add(account, new SoftwarePasskey(origin)),
        inTransaction((tx) => change(account, id, tx)),
      ]);
      const { totp, passkeys: has, recoveryCodes } = await nodes[0]!.state(account.id);
      const kinds = [...(totp ? ['totp'] : []), ...(has.length > 0 ? ['passkey'] : [])];
      const rows = await database.query(`SELECT second_factors FROM account WHERE id = '${account.id}'`);
      expect([rows, recoveryCodes]).toEqual([[{ second_factors: kinds }], kinds.length > 0 ? 10 : 0]);
    }
  });

  it('of another account uses nothing up where one account is expected, which the verdict names', async () => {
    const [{ account }, { account: other, key }] = [await withPasskey(), await withPasskey()];
    const typed = key.show(asked(), { counter: 5 });
    const verdict = await passkeys[0]!.verify({ typed, binding: page }, account.id);
    expect(verdict).toEqual({ kind: 'invalid', accountId: account.id });
    expect((await nodes[0]!.state(other.id)).passkeys).toMatchObject([{ lastUsedAt: null }]);
    expect(await shown(typed)).toBe('ok');
  });

  it('works no more once it is removed, and the last factor takes the recovery codes along', async () => {
    const { account, key } = await withPasskey();
    const kinds = async () =>
      (
        await database.query<{ second_factors: string[] }>(
          `SELECT second_factors FROM account WHERE id = '${account.id}'`,
        )
      )[0]!.second_factors;
    expect(await kinds()).toEqual(['passkey']);
    const id = key.id.toString('base64url');
    const stranger = await anAccount();
    expect(await inTransaction((tx) => nodes[0]!.removePasskey(stranger.id, id, tx))).toBeUndefined();
    expect(await inTransaction((tx) => nodes[0]!.removePasskey(account.id, id, tx))).toEqual({
      isPlatform: true,
    });
    expect([await shown(key.show(asked())), await kinds()]).toEqual(['invalid', []]);
    expect(await nodes[0]!.state(account.id)).toEqual({ totp: null, passkeys: [], recoveryCodes: 0 });
  });

  it('belongs to the host of the issuer, and an operator hears where there are others or can be none', async () => {
    const { key } = await withPasskey();
    const moved = passkeysOn(database.prisma(), 'https://new.example.test');
    const typed = key.show(moved.toShow(page) as unknown as CeremonyOptions, {
      origin: 'https://new.example.test',
    });
    expect(await moved.verify({ typed, binding: page })).toMatchObject({ kind: 'invalid' });
    expect(await moved.notice()).toMatch(/^\d+ passkeys were made for another host than new\.example\.test/);
    expect(await passkeys[0]!.notice()).toBeUndefined();
    for (const issuer of ['http://127.0.0.1:3000', 'https://[::1]', 'http://id.example.test']) {
      const none = passkeysOn(database.prisma(), issuer);
      expect(await none.notice()).toMatch(/^passkeys are off: /);
      expect([none.toShow(page), none.toMake(await anAccount(), page, [])]).toEqual([undefined, undefined]);
    }
    expect(await passkeysOn(database.prisma(), 'http://localhost:3000').notice()).toContain('localhost');
  });
});
