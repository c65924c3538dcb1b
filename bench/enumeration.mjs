import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { answerTo, authorizationRequest, Browser } from './load/browser.mjs';
import { Connection } from './load/connection.mjs';
import { startGenerator } from './load/generator.mjs';
import { startCluster } from './machine/cluster.mjs';
import { startMailSink } from './machine/mail-sink.mjs';
import { copiedNames } from './seed/curfew-sessions.mjs';
import { ensureBuilt } from './setup.mjs';
import { median, percentile, significant } from './statistics.mjs';
import { startCurfew } from './subjects/curfew.mjs';

/*
 * node bench/enumeration.mjs: whether answers and their times tell who has an account. Each way in is tried with names that exist and with
 * names that do not, in turn and in an order drawn anew for each pair, because letters that go out meanwhile must not fall on one of the two.
 * The medians may differ by a twentieth. It is run on a quiet machine: a test cannot demand times.
 */
const { values } = parseArgs({
  options: { tries: { type: 'string', default: '60' }, 'no-build': { type: 'boolean', default: false } },
});
const tries = Number(values.tries);
const bar = 0.05;
const warmUps = 20;
const progress = (line) => process.stderr.write(`  ${line}\n`);

const known = copiedNames(tries + warmUps);
const unknown = known.map((name) => name.replace('bench-', 'nobod-'));

/** Whatever differs from one page to the next one of the same kind. */
const alike = ({ status, body }, name) =>
  `${status} ${body.replaceAll(/(value|action|data-passkey|href)="[^"]*"/g, '').replaceAll(name, 'NAME')}`;

/** The ways in: each takes a name and returns the work that is timed, prepared. */
function waysIn({ subject, links, connection, signedIn }) {
  const issuer = subject.issuer;
  const sending = async (browser, address, fields) => {
    const page = await browser.open(connection, address);
    return () => browser.submit(connection, page, fields(page));
  };
  const filled = (page, more) => ({
    ...answerTo(page.answer.body, page.form, { username: '', password: '' }),
    ...more,
  });
  const flow = subject.scenarios['sign-in'].options;
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
  return {
    'sign-in': (name) =>
      sending(new Browser(), `${issuer}/sign-in`, (page) =>
        filled(page, { username: name, password: 'a password that is wrong' }),
      ),
    'forgotten password': (name) =>
      sending(new Browser(), `${issuer}/forgotten-password`, (page) => filled(page, { username: name })),
    // An invitation of an account that has expired, and one that nobody was sent.
    invitation: async (name) => () =>
      new Browser().open(connection, `${issuer}/link/invitation/${links.get(name) ?? newToken()}`),
    'passkey, asked for': async (name) => {
      const { url } = authorizationRequest({ endpoint: subject.target.endpoints.authorization, ...flow });
      url.searchParams.set('login_hint', name);
      return () => new Browser().open(connection, url);
    },
    // The id of a credential that exists, signed with another key, and the id of none.
    'passkey, shown': (name) => {
      const { passkeys } = subject.scenarios['passkey-sign-in'].options;
      const owner = passkeys[known.indexOf(name) % passkeys.length];
      const other = { ...passkeys[0], id: randomBytes(16).toString('base64url') };
      const passkey = { ...(known.includes(name) ? owner : other), privateJwk: stranger };
      return sending(new Browser(), `${issuer}/sign-in`, ({ answer, form }) =>
        answerTo(answer.body, form, { passkey }),
      );
    },
    // The address that a person wants is another account's, or nobody's.
    'verified address': (name) =>
      sending(signedIn, `${issuer}/mail`, ({ answer, form }) => ({
        ...answerTo(answer.body, form, subject.registered.person),
        address: name,
      })),
  };
}

const newToken = () => randomBytes(32).toString('base64url');

/** Gives the known accounts an address that is verified, and an invitation that has expired; its secret by name. */
async function prepare(url) {
  const database = new pg.Client(url);
  await database.connect();
  try {
    await database.query(
      `INSERT INTO account_profile (account_id, email, email_verified, updated_at)
       SELECT id, username, true, now() FROM account WHERE username = ANY($1::text[])
       ON CONFLICT (account_id) DO UPDATE SET email = excluded.email, email_verified = true`,
      [known],
    );
    const links = new Map(known.map((name) => [name, newToken()]));
    const hashes = [...links.values()].map((token) => createHash('sha256').update(token).digest());
    await database.query(
      `INSERT INTO one_time_link (token_hash, purpose, account_id, subject, created_at, expires_at)
       SELECT t.hash, 'invitation', a.id, '', now() - interval '1 hour', now() - interval '30 minutes'
       FROM unnest($1::text[], $2::bytea[]) t(name, hash) JOIN account a ON a.username = t.name`,
      [[...links.keys()], hashes],
    );
    return links;
  } finally {
    await database.end();
  }
}

async function timed(work, name) {
  const act = await work(name);
  const began = performance.now();
  const { answer } = await act();
  return { ms: performance.now() - began, answer: alike(answer, name) };
}

/** Tries one way in with both kinds of names. */
async function compare(path, work) {
  const times = { known: [], unknown: [] };
  const answers = new Set();
  for (let turn = 0; turn < warmUps + tries; turn += 1) {
    const pair = [
      ['known', known[turn]],
      ['unknown', unknown[turn]],
    ];
    if (randomBytes(1)[0] % 2 === 0) pair.reverse();
    for (const [kind, name] of pair) {
      const { ms, answer } = await timed(work, name);
      answers.add(answer);
      if (turn >= warmUps) times[kind].push(ms);
    }
  }
  const [one, other] = [median(times.known), median(times.unknown)];
  const spread = (of) =>
    percentile(
      of.toSorted((a, b) => a - b),
      0.75,
    ) -
    percentile(
      of.toSorted((a, b) => a - b),
      0.25,
    );
  return {
    path,
    known: one,
    unknown: other,
    ratio: one / other,
    spread: spread(times.unknown) / other,
    answers: answers.size,
  };
}

if (!values['no-build']) await ensureBuilt(progress);
const [cluster, generator, sink] = [await startCluster(), startGenerator(), await startMailSink()];
let subject;
const connections = [];
try {
  const settings = {
    CURFEW_SMTP_URL: sink.url,
    CURFEW_MAIL_FROM: 'no-reply@example.test',
    CURFEW_THROTTLE_MAIL: '100000/15m',
  };
  // Four sessions an account, and a quarter of the accounts have passkeys.
  const sessions = Math.ceil(known.length * 4 * 1.5);
  subject = await startCurfew({ cluster, generator, settings, sessions, driven: 1, sideSessions: 10 });
  const links = await prepare(cluster.url(subject.database));
  const connection = new Connection(subject.port);
  connections.push(connection);
  const signedIn = new Browser();
  const page = await signedIn.open(connection, `${subject.issuer}/sign-in?next=mail`);
  await signedIn.submit(connection, page, answerTo(page.answer.body, page.form, subject.registered.person));
  const rows = [];
  for (const [path, work] of Object.entries(waysIn({ subject, links, connection, signedIn }))) {
    rows.push(await compare(path, work));
    progress(`${path}: ${JSON.stringify(rows.at(-1))}`);
  }
  process.stdout.write(
    `\n| way in | known ms | unknown ms | ratio | at most | middle half | answers | |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n`,
  );
  for (const row of rows) {
    const isAlike = row.answers === 1 && Math.abs(row.ratio - 1) <= bar;
    process.stdout.write(
      `| ${row.path} | ${significant(row.known)} | ${significant(row.unknown)} | ${row.ratio.toFixed(3)} | ${1 - bar} to ${1 + bar} | ± ${significant(row.spread / 2, 2)} | ${row.answers} | ${isAlike ? 'alike' : 'not alike'} |\n`,
    );
    if (!isAlike) process.exitCode = 1;
  }
} finally {
  for (const connection of connections) connection.close();
  await subject?.stop();
  generator.stop();
  sink.stop();
  await cluster.stop();
}
