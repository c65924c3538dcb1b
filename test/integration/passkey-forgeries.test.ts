import { createPrivateKey, randomUUID } from 'node:crypto';
import { type Account, Throttle } from '@curfew/accounts';
import { Passkeys, relyingPartyOf, SecondFactors } from '@curfew/accounts/factors';
import { ManualClock } from '@curfew/clock';
import type { PrismaService } from '@curfew/persistence';
import { instant, seconds } from '@curfew/session-policy';
import { ServiceKeys, secretSeal } from '@curfew/tokens';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { wholeNumbers } from '../support/random.js';
import { type CeremonyOptions, type Forgery, SoftwarePasskey } from '../support/software-passkey.js';

/** How many wrong answers are tried; CURFEW_TEST_PASSKEYS sets another number. */
const length = Number(process.env['CURFEW_TEST_PASSKEYS'] ?? 600);
const origin = 'https://id.example.test';
const clock = new ManualClock(instant(1_800_000_000_000));
const keys = new ServiceKeys(['one secret of the service, long enough']);
const draw = wholeNumbers('passkey forgeries');
const oneOf = <T>(of: readonly T[]): T => of[draw(0, of.length)]!;

/** A person with a passkey, and an answer of theirs that has signed them in. */
interface Owner {
  readonly account: Account;
  readonly key: SoftwarePasskey;
  used: { readonly typed: string; readonly page: string };
}

let database: TestDatabase;
let nodes: readonly Passkeys[];
let owners: readonly Owner[];

const passkeysOn = (prisma: PrismaService) =>
  new Passkeys({
    prisma,
    clock,
    throttle: new Throttle(prisma, clock),
    relyingParty: relyingPartyOf(origin),
    challengeKeys: keys.derive('passkey challenge').map(({ key }) => key),
    name: 'id.example.test',
  });

const asked = (page: string, node = draw(0, 2)) => nodes[node]!.toShow(page) as unknown as CeremonyOptions;
const verdict = async (typed: string, page: string, node = draw(0, 2)) =>
  nodes[node]!.verify({ typed, binding: page });

beforeAll(async () => {
  database = await createTestDatabase();
  const prisma = database.prisma();
  nodes = [passkeysOn(prisma), passkeysOn(database.prisma())];
  const factors = new SecondFactors({
    ...{ passkeys: nodes[0]!, prisma, clock, throttle: new Throttle(prisma, clock) },
    seal: secretSeal(keys, 'second factor'),
    codeKeys: keys.derive('recovery code').map(({ key }) => key),
    issuer: 'id.example.test',
  });
  const made: Owner[] = [];
  for (let number = 0; number < 6; number += 1) {
    const [id, username, at] = [randomUUID(), `person-${number}`, new Date(clock.now())];
    const times = { passwordChangedAt: at, createdAt: at, updatedAt: at };
    await prisma.account.create({ data: { id, username, passwordHash: 'none', ...times } });
    const account = { id, username } as Account;
    const key = new SoftwarePasskey(origin);
    const options = nodes[0]!.toMake(account, 'a page', []) as unknown as CeremonyOptions;
    const shown = { account, binding: 'a page', name: 'Laptop', typed: key.make(options) };
    const passkey = await factors.makePasskey(shown);
    if (typeof passkey === 'string') throw new Error(passkey);
    await prisma.$transaction((tx) => factors.addPasskey(passkey, tx));
    made.push({ account, key, used: await signedIn(account, key) });
  }
  owners = made;
}, 60_000);
afterAll(() => database?.drop());

/** A right answer, which signs its owner in: those that are refused beside it are refused for their faults. */
async function signedIn({ id }: Account, key: SoftwarePasskey): Promise<Owner['used']> {
  const page = randomUUID();
  const typed = key.show(asked(page));
  expect(await verdict(typed, page)).toMatchObject({ kind: 'ok', accountId: id });
  return { typed, page };
}

/** One wrong answer: its text, and the browser that brings it. */
type Attempt = readonly [typed: string, page: string];

const forged =
  (forge: (owner: Owner, other: Owner) => Forgery) =>
  (owner: Owner, other: Owner): Attempt => {
    const page = randomUUID();
    return [owner.key.show(asked(page), forge(owner, other)), page];
  };

/** The signature with one bit turned over. */
function damaged(typed: string, within = Number.POSITIVE_INFINITY): string {
  const answer = JSON.parse(typed) as { response: { signature: string } };
  const bytes = Buffer.from(answer.response.signature, 'base64url');
  const at = draw(0, Math.min(within, bytes.length));
  bytes[at] = bytes[at]! ^ (1 << draw(0, 8));
  answer.response.signature = bytes.toString('base64url');
  return JSON.stringify(answer);
}

/** A part of another's answer in one; the data of two authenticators may be the same. */
function mixed(one: string, other: string): string {
  const [a, b] = [JSON.parse(one), JSON.parse(other)];
  const member = oneOf(['clientDataJSON', 'signature', 'userHandle'] as const);
  return JSON.stringify({ ...a, response: { ...a.response, [member]: b.response[member] } });
}

const keyOfUnknown = createPrivateKey({
  format: 'jwk',
  key: {
    ...{ kty: 'EC', crv: 'P-256', d: Buffer.from([...Buffer.alloc(31), 1]).toString('base64url') },
    x: Buffer.from('6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296', 'hex').toString(
      'base64url',
    ),
    y: Buffer.from('4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5', 'hex').toString(
      'base64url',
    ),
  },
});
const userHandleOf = (accountId: string) =>
  Buffer.from(accountId.replaceAll('-', ''), 'hex').toString('base64url');

const attempts: Readonly<Record<string, (owner: Owner, other: Owner) => Attempt>> = {
  'an answer that was used, in its own browser': ({ used }) => [used.typed, used.page],
  'an answer that was used, in another browser': ({ used }) => [used.typed, randomUUID()],
  'an answer to a challenge that was used': ({ key, used }) => {
    const { response } = JSON.parse(used.typed);
    const { challenge } = JSON.parse(Buffer.from(response.clientDataJSON, 'base64url').toString());
    return [key.show({ challenge, rpId: 'id.example.test' }), used.page];
  },
  'an answer for another browser': ({ key }) => [key.show(asked(randomUUID())), randomUUID()],
  'an answer to the challenge of a new passkey': ({ account, key }) => {
    const page = randomUUID();
    const { challenge } = nodes[0]!.toMake(account, page, []) as unknown as CeremonyOptions;
    return [key.show(asked(page), { challenge }), page];
  },
  'a challenge that nobody gave': forged(() => ({ challenge: randomUUID() })),
  'another origin': forged(() => ({
    origin: oneOf([
      'https://evil.example.test',
      'http://id.example.test',
      `${origin}:8443`,
      `${origin}.evil.example.test`,
      'https://id.example.test@evil.example.test',
      'https://ID.example.test',
      'null',
      '',
    ]),
  })),
  'another relying party': forged(() => ({ rpId: oneOf(['example.test', 'evil.example.test', '']) })),
  'another ceremony': forged(() => ({ type: oneOf(['webauthn.create', 'payment.get', '']) })),
  'a frame': forged(() => ({ client: oneOf([{ crossOrigin: true }, { topOrigin: origin }]) })),
  'a person who was not verified': forged(() => ({ flags: draw(0, 256) & ~0b100 })),
  'nobody present': forged(() => ({ flags: draw(0, 256) & ~0b1 })),
  'the credential of another account': forged((_, { key }) => ({ id: key.id.toString('base64url') })),
  'the name of another account': forged((_, { used }) => ({
    userHandle: JSON.parse(used.typed).response.userHandle,
  })),
  'the credential and the name of another account': forged((_, { key, used }) => ({
    ...{ id: key.id.toString('base64url'), userHandle: JSON.parse(used.typed).response.userHandle },
  })),
  // The key that stands in for the one of an unknown passkey is public, and its private half is the number one.
  'a passkey that nobody made, with the key that stands in for its own': ({ account }) => {
    const page = randomUUID();
    const unknown = new SoftwarePasskey(origin, keyOfUnknown);
    return [unknown.show(asked(page), { userHandle: userHandleOf(account.id) }), page];
  },
  'no name': forged(() => ({ userHandle: null })),
  'a damaged signature': ({ key }) => {
    const page = randomUUID();
    return [damaged(key.show(asked(page))), page];
  },
  // The tags and lengths before the first number: its two numbers are right.
  'a signature in another form': ({ key }) => {
    const page = randomUUID();
    return [damaged(key.show(asked(page)), 4), page];
  },
  'parts of the answer of another': ({ key }, { key: others }) => {
    const page = randomUUID();
    return [mixed(key.show(asked(page)), others.show(asked(page))), page];
  },
  'parts of an answer that was used': ({ key, used }) => {
    const page = randomUUID();
    const fresh = key.show(asked(page));
    // The name of the account is the same in both, so that this part changes nothing.
    const { response } = JSON.parse(fresh);
    const { authenticatorData, clientDataJSON, signature } = JSON.parse(used.typed).response;
    const old = oneOf([{ clientDataJSON }, { signature }, { clientDataJSON, authenticatorData, signature }]);
    return [JSON.stringify({ ...JSON.parse(fresh), response: { ...response, ...old } }), page];
  },
};

describe('of many wrong answers by passkey, drawn at random and tried on two nodes', () => {
  it('none signs anybody in, and the right ones between them do', async () => {
    const names = Object.keys(attempts);
    const letIn: string[] = [];
    for (let tried = 0; tried < length; tried += 1) {
      const name = names[tried % names.length]!;
      const at = draw(0, owners.length);
      const [owner, other] = [owners[at]!, owners[(at + draw(1, owners.length)) % owners.length]!];
      const [typed, page] = attempts[name]!(owner, other);
      if ((await verdict(typed, page)).kind === 'ok') letIn.push(`${name}: ${typed}`);
      if (tried % 20 === 0) owner.used = await signedIn(owner.account, owner.key);
      if (tried % 50 === 0) clock.advance(seconds(60));
    }
    expect(letIn).toEqual([]);
  }, 600_000);
});
