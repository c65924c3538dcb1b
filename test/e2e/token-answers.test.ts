import { setTimeout as pause } from 'node:timers/promises';
import { golden, type Outcome, record, recorded } from '../support/golden.js';
import { authorizations } from './answers-authorization.js';
import { proofs } from './answers-dpop.js';
import { firsts } from './answers-first.js';
import { type Case, clientAuthentication, spoiltForms } from './answers-forms.js';
import { changes, introspections, machines } from './answers-others.js';
import { refreshes } from './answers-refresh.js';
import { Side } from './answers-side.js';
import { AnswersWorld } from './answers-world.js';

const corpus: readonly Case[] = [
  ...refreshes,
  ...proofs,
  ...machines,
  ...introspections,
  ...changes,
  ...spoiltForms,
  ...clientAuthentication,
  ...firsts,
  ...authorizations,
];

/** Cases that are answered otherwise than oidc-provider answered them, with the reason. */
const compressed =
  'a compressed body is refused with 415 (RFC 9110 §15.5.16); the library read it as it stood';
const allRead =
  'all parameters are read, so that a repetition is found wherever it stands (RFC 6749 §3.2); the library read a thousand';
const ordered =
  'a proof is checked before the content of the request, and its nonce is offered with every error after it';
const oneEncoding =
  'a proof and its key are in their one encoding (RFC 7515 §2, RFC 4648 §3.5), as APIs demand it; the library read others';
const anySpelling =
  'an API is known in any spelling of its address that means the same (RFC 3986 §6.2.3); the library compared the text';
const refreshWithProof = (of: string) => `a bound refresh with a proof ${of}`;
const differences: Readonly<Record<string, string>> = {
  [refreshWithProof('of an htu with a percent sign')]:
    'addresses are compared in their normal form (RFC 9449 §4.3, RFC 3986 §6.2.2.2), as APIs do it',
  [refreshWithProof('of claims behind a byte order mark')]: oneEncoding,
  [refreshWithProof('of a padded point')]: oneEncoding,
  [refreshWithProof('of a point with a zero before it')]: oneEncoding,
  [refreshWithProof('of a point in its other spelling')]: oneEncoding,
  [refreshWithProof('sent with padding')]: oneEncoding,
  'userinfo with the scope "email"':
    'the response always has `sub` (OpenID Connect Core §5.3.2); the library left it out where openid was not asked for',
  'a pushed request with a thousand parameters before it': allRead,
  'a device’s request with a thousand parameters before it': allRead,
  'a device’s request with an attestation that is none':
    'an attestation is a way to authenticate that is not offered, whatever it looks like',
  'a pushed request with a proof beside a wrong redirect URI': ordered,
  'a refresh with a body said to be compressed': compressed,
  'a machine’s request with a body said to be compressed': compressed,
  'an introspection with a body said to be compressed': compressed,
  'a refresh with a thousand parameters before it': allRead,
  'a machine’s request with a thousand parameters before it': allRead,
  'an introspection with a thousand parameters before it': allRead,
  'refresh of a sign-in that granted nothing':
    'an ID token says whom it is about (OpenID Connect Core §2), also where nothing about them was granted',
  'refresh for the API "https://orders.example.test/"': anySpelling,
  'client credentials of machine with {"resource":"https://orders.example.test/"}': anySpelling,
  'introspection of a JWT access token by its API and its client':
    'a token is read as it was sent: a blank before a JWT makes it another text, as it does before every other token',
};

/** Responses that have the same headers as the library's in another order. */
const otherOrder: ReadonlySet<string> = new Set([
  'a pushed request with a proof that is right',
  'a pushed request with a proof shown twice',
  'a pushed request with a proof of the key that it names',
  'a pushed request with a proof of some minutes ago',
  'a pushed request with a proof by a key of another kind',
  'a pushed request with a proof with the nonce of the last response',
]);
const sorted = (outcome: Outcome | undefined) => ({
  ...outcome,
  answers: outcome?.answers.map((answer) => ({ ...answer, order: [...(answer.order as string[])].sort() })),
});

interface Run {
  readonly side: Side;
  readonly outcome: unknown;
  readonly failure: unknown;
}

let world: AnswersWorld;
const kept = recorded('answers');
const runs = new Map<string, Run>();
/** Names of what was counted, not recorded one by one. */
let counted: readonly string[];

/** Every thing that is counted; written every second, or later where the machine is busy: until nothing more comes. */
async function countsSoFar(): Promise<readonly string[]> {
  const read = () =>
    world.protocol.database.query<{ what: string; times: number }>(
      `SELECT type || ' ' || coalesce(data->>'endpoint', '') || ' ' || coalesce(data->>'cause', '') AS what,
         sum((data->>'count')::int)::int AS times FROM any_event WHERE data ? 'count' GROUP BY 1 ORDER BY 1`,
    );
  for (let last = await read(); ; ) {
    await pause(1500);
    const rows = await read();
    if (JSON.stringify(rows) === JSON.stringify(last)) return rows.map(({ what }) => what.trim());
    last = rows;
  }
}

const asRecorded = (outcome: unknown): Outcome => {
  const { issuer, callback } = world.protocol;
  const hosts = { [new URL(issuer).host]: 'HOST', [new URL(callback).origin]: 'ORIGIN' };
  return golden(outcome, { [issuer]: 'ISSUER', [callback]: 'CALLBACK', ...hosts });
};

beforeAll(async () => {
  world = await AnswersWorld.start();
  const ran = [];
  for (const { name, run } of corpus) {
    const side = new Side(world);
    const failure = await run(side).then(
      () => undefined,
      (error: unknown) => error ?? 'failed',
    );
    ran.push({ name, side, failure });
  }
  counted = await countsSoFar();
  for (const { name, side, failure } of ran) runs.set(name, { side, failure, outcome: await side.outcome() });
  const answers = [...runs].map(([name, { outcome }]) => [name, asRecorded(outcome)] as const);
  // Recorded responses stay as they are.
  record('answers', { ...Object.fromEntries(answers), ...kept });
}, 240_000);
afterAll(() => world?.stop());

describe('a request', () => {
  it('is one of many, each with a name of its own', () => {
    expect(new Set(corpus.map(({ name }) => name)).size).toBe(corpus.length);
    expect(corpus.length).toBeGreaterThan(300);
  });

  it.each(corpus)('is answered as it was when its answer was recorded: $name', ({ name }) => {
    const { side, failure, outcome } = runs.get(name)!;
    expect(failure).toBeUndefined();
    expect(side.replies.length).toBeGreaterThan(0);
    const answered = asRecorded(outcome);
    if (name in differences) expect(answered).not.toEqual(kept[name]);
    else if (otherOrder.has(name)) expect(sorted(answered)).toEqual(sorted(kept[name]));
    else expect(answered).toEqual(kept[name]);
  });

  // Most answers about revocations were first recorded after the library's: it read forms and clients of both endpoints by one code.
  const twins = corpus.flatMap(({ name }) => {
    const [, article = '', rest] = /^(a )?revocation (.*)$/.exec(name) ?? [];
    const twin = `${article && 'an '}introspection ${rest}`;
    return rest !== undefined && !(twin in differences) ? [[name, twin] as const] : [];
  });
  it('is refused at revocation as it is at introspection', () => {
    const refusalOf = (name: string) => {
      const { answers } = kept[name]!;
      const text = JSON.stringify(answers).replaceAll('/revocation', '/introspection');
      return (JSON.parse(text) as { status: number }[]).filter(({ status }) => status >= 400);
    };
    const compared = twins.filter(([, twin]) => refusalOf(twin).length > 0);
    expect(compared.length).toBeGreaterThan(50);
    const other = compared.filter(
      ([name, twin]) => JSON.stringify(refusalOf(name)) !== JSON.stringify(refusalOf(twin)),
    );
    expect(other.map(([name]) => name)).toEqual([]);
  });

  it('has its answer in the recording, and nothing else has', () => {
    expect(Object.keys(kept).sort()).toEqual(corpus.map(({ name }) => name).sort());
    expect(Object.keys(differences).filter((name) => !(name in kept))).toEqual([]);
  });

  it('is of every kind: right, wrong and hostile', () => {
    const kinds = new Map<string, number>();
    for (const { side } of runs.values())
      for (const { status, body } of side.replies) {
        const kind =
          `${status} ${body?.error ?? (body?.active === undefined ? '' : `active ${body.active}`)}`.trim();
        kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      }
    expect(Math.min(kinds.get('200') ?? 0, kinds.get('200 active true') ?? 0)).toBeGreaterThan(40);
    expect([...kinds.keys()]).toEqual(
      expect.arrayContaining([
        '200 active false',
        '400 invalid_dpop_proof',
        '400 invalid_grant',
        '400 invalid_request',
        '400 invalid_scope',
        '400 invalid_target',
        '400 insufficient_user_authentication',
        '400 unsupported_grant_type',
        '400 use_dpop_nonce',
        '401 invalid_client',
      ]),
    );
  });

  it.each(['text/html', 'text/html,*/*;q=0.8', 'image/png', 'nonsense'])(
    'is answered in JSON also where the client would rather have “%s” (RFC 6749 §5.2)',
    async (accept) => {
      const side = new Side(world);
      const { token } = await side.session();
      const headers = { accept };
      const replies = [
        await side.refresh(token, {}, side.web, headers),
        await side.refresh('nothing', {}, side.web, headers),
        await side.post('/introspection', { token: 'nothing' }, headers),
        await side.post('/revocation', {}, headers),
      ];
      expect(replies.map(({ status, headers: { 'content-type': type } }) => [status, type])).toEqual(
        [200, 400, 400, 400].map((status) => [status, 'application/json; charset=utf-8']),
      );
    },
  );

  it('is never a fault of the server', () => {
    const faults = [...runs].filter(([, { side }]) => side.replies.some(({ status }) => status >= 500));
    expect(faults.map(([name]) => name)).toEqual([]);
  });

  it('is told to operators where an attack could look like it', () => {
    expect(counted).toEqual(
      expect.arrayContaining([
        'request.refused device_authorization client_unknown',
        'request.refused introspection client_secret_wrong',
        'request.refused pushed_authorization_request client_secret_wrong',
        'request.refused token client_assertion_invalid',
        'request.refused token client_assertion_used',
        'request.refused token client_secret_wrong',
        'request.refused token client_unknown',
        'request.refused token code_used',
        'request.refused token dpop_proof_invalid',
        'request.refused token pkce_mismatch',
        'token.unknown introspection',
        'token.unknown token',
      ]),
    );
  });
});
