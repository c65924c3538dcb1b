import ts from 'typescript';
import { filesBelow, isProduct, nodesIn } from '../support/sources.js';

const product = filesBelow('.').filter(isProduct);

/** What a string or a part of a template says. */
const textOf = (node: ts.Node | undefined): string =>
  node !== undefined &&
  (ts.isStringLiteralLike(node) ||
    ts.isTemplateHead(node) ||
    ts.isTemplateMiddle(node) ||
    ts.isTemplateTail(node))
    ? node.text
    : '';
const says =
  (pattern: RegExp) =>
  (node: ts.Node): boolean =>
    pattern.test(textOf(node));
/** SQL, however it is set: with other spaces, in other letter case, and with its names in quotation marks. */
const asks =
  (pattern: RegExp) =>
  (node: ts.Node): boolean =>
    pattern.test(textOf(node).replaceAll('"', '').replace(/\s+/g, ' ').toLowerCase());
const calls =
  (names: readonly string[], first?: string) =>
  (node: ts.Node): boolean => {
    if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) return false;
    const { expression, arguments: given } = node;
    const name = ts.isPropertyAccessExpression(expression) ? expression.name.text : expression.getText();
    return (
      names.includes(name) &&
      (first === undefined || textOf(given?.[0]).toLowerCase() === first.toLowerCase())
    );
  };

interface OneHome {
  readonly finds: (node: ts.Node) => boolean;
  /** The place of the rule, and why it is there where that is not plain. */
  readonly home: Readonly<Record<string, string>>;
  /** Places that stand beside the home for a reason that stays. */
  readonly beside?: Readonly<Record<string, string>>;
}

/** Each rule that has one home, found by its structure: who writes it a second time meets this table. */
const rules: Readonly<Record<string, OneHome>> = {
  'opens an HTTP server': {
    finds: calls(['createServer', 'createSecureServer', 'Server']),
    home: { 'libs/web/src/http-server.ts': 'limits, close and connections' },
    beside: { 'apps/demo/src/orders.ts': 'an example of an API, in plain Node' },
  },
  'reads a body from the network': {
    finds: calls(['on'], 'data'),
    home: { 'libs/web/src/body.ts': '' },
  },
  'sets a cookie': {
    finds: says(/\bHttpOnly\b/i),
    home: { 'libs/web/src/cookies.ts': '' },
  },
  'answers with a problem': {
    finds: (node) =>
      ts.isCallExpression(node) && node.arguments.some((one) => textOf(one) === 'application/problem+json'),
    home: { 'libs/web/src/problem/send-problem.ts': '' },
  },
  'checks requests at a front door': {
    finds: calls(['setHeader'], 'X-Request-Id'),
    home: { 'libs/web/src/door/front-door.ts': '' },
    beside: { 'libs/web/src/problem/send-problem.ts': 'a problem says which request it answers' },
  },
  'serves the figures of a process': {
    finds: says(/^\/metrics$/),
    home: { 'libs/web/src/metrics-server.ts': '' },
    beside: {
      'apps/admin-api/src/stats/stats.controller.ts':
        'the figures of the installation are an operation with a scope',
      'apps/admin-api/src/front-door.ts':
        'the address of that operation, which collectors ask for by the host of a process',
    },
  },
  'turns a handler into a listener': {
    finds: (node) =>
      ts.isTypeReferenceNode(node) &&
      node.typeName.getText() === 'RequestListener' &&
      ts.isFunctionLike(node.parent) &&
      node.parent.type === node &&
      !ts.isMethodSignature(node.parent),
    home: {
      'apps/auth-server/src/endpoint-listener.ts': 'endpoints for programs, below NestJS',
      'libs/token-endpoint/src/token-endpoint.ts': 'the hot endpoints, below NestJS (ADR 67)',
    },
    beside: {
      'libs/web/src/door/front-door.ts': 'lets a request in',
      'apps/auth-server/src/front-door.ts': 'lets a request in',
      'apps/admin-api/src/front-door.ts': 'lets a request in',
      'apps/auth-server/src/metrics/node-metrics.ts': 'counts what passes the door',
      'apps/gateway/src/gateway.ts': 'a gateway has one handler for every request',
    },
  },
  'starts NestJS': {
    finds: (node) => ts.isPropertyAccessExpression(node) && node.getText() === 'NestFactory.create',
    home: {
      'apps/auth-server/src/auth-server.ts': 'pages, below the protocol (ADR 67)',
      'apps/admin-api/src/admin-api.ts': 'operations, each by its contract (ADR 20)',
    },
  },
  'listens to the database': {
    finds: asks(/^listen /),
    home: { 'libs/persistence/src/database-listener.ts': '' },
  },
  'opens connections to the database': {
    finds: calls(['Pool']),
    home: {
      'libs/persistence/src/prisma.service.ts': 'for Prisma',
      'libs/persistence/src/hot-statements.ts': 'for prepared statements (ADR 15)',
    },
  },
  'writes a structured log': {
    finds: calls(['pino']),
    home: { 'libs/web/src/log.ts': '' },
  },
  'exports spans': {
    finds: calls(['NodeTracerProvider']),
    home: { 'libs/web/src/tracing.ts': '' },
  },
  'stops on a signal': {
    finds: calls(['on', 'once'], 'SIGTERM'),
    home: { 'libs/web/src/process.ts': '' },
    beside: {
      'apps/cli/src/commands/events.ts': 'a command that follows events until it is stopped',
      'libs/accounts/src/hashing/hashing-main.ts': 'the hashing process, which leaves its end to its parent',
    },
  },
  'builds what a process stands on': {
    finds: calls([
      'openGuard',
      'DisciplinedClock',
      'KeyStore',
      'ServiceKeys',
      'HotStatements',
      'RefreshTokenCodec',
      'AccessTokenCodec',
      'SessionService',
      'PostgresSessionStore',
      'EndWriter',
      'DatabaseListener',
    ]),
    home: {
      'libs/foundation/src/open-foundation.ts': '',
      'libs/foundation/src/engine.ts': '',
      'libs/foundation/src/announcements.ts': '',
    },
    beside: {
      'libs/persistence/src/address-check.ts': 'tries the ways to the database once, for the doctor',
    },
  },
  'ends everything of somebody': {
    finds: calls(['endAll']),
    home: { 'libs/operations/src/end-sessions.ts': 'with who ends it and the events of the author' },
    beside: {
      'libs/sessions/src/end-sessions.ts': 'the one writer, which hands it to the store',
      'libs/resource-server/src/verifier.ts': 'connections of a resource server, not sessions',
    },
  },
  'changes accounts, consents and clients': {
    finds: (node) =>
      calls(['changePassword', 'withdraw', 'disable', 'delete', 'forgetClient', 'rollOverSecret'])(node) &&
      /\.(accounts|consents|clients)\.\w+$/.test((node as ts.CallExpression).expression.getText()),
    home: {
      'libs/operations/src/accounts.ts': '',
      'libs/operations/src/change-password.ts': '',
      'libs/operations/src/clients.ts': '',
      'libs/operations/src/withdraw-consent.ts': '',
    },
  },
  'seals with AES-GCM': {
    finds: calls(['createCipheriv', 'createDecipheriv']),
    home: { 'libs/tokens/src/aead.ts': '' },
  },
  'derives a key': {
    finds: calls(['hkdf', 'hkdfSync']),
    home: { 'libs/tokens/src/service-keys.ts': '' },
  },
  'records an event': {
    finds: asks(/insert into event\b/),
    home: { 'libs/events/src/event-log.ts': 'as a fragment' },
  },
  'asks for mass ends': {
    finds: asks(/\b(from|join) not_before\b/),
    home: { 'libs/sessions/src/store/standing-statements.ts': '' },
    beside: {
      'libs/sessions/src/store/postgres-sweep-store.ts': 'settles the entries themselves, and removes them',
      'libs/events/src/feed/feed.store.ts': 'followers are told of each',
      'apps/admin-api/src/stats/stats.store.ts': 'counts the mass ends themselves',
    },
  },
  'writes the end of a session': {
    finds: asks(/\bset (?:(?!\b(?:where|from)\b)[^;])*\bended_at =/),
    home: { 'libs/sessions/src/store/end-statement.ts': 'of a session, and of a browser session' },
  },
  'ends everything by a row': {
    finds: asks(/insert into not_before\b/),
    home: { 'libs/sessions/src/store/mass-end.ts': '' },
  },
  'rotates by compare-and-set': {
    finds: asks(/\bset (?:(?!\b(?:where|from)\b)[^;])*\bgeneration =/),
    home: { 'libs/sessions/src/store/session-rotate.ts': 'alone, and with a proof' },
  },
  'announces over the database': {
    finds: asks(/\bpg_notify\b|^notify /),
    home: { 'libs/events/src/feed/end-announcer.ts': 'ends, and what nodes say to each other about them' },
    beside: {
      'libs/clients/src/registry-channel.ts': 'registrations and policies',
      'libs/events/src/alerts/watch.store.ts': 'alerts',
      'libs/tokens/src/signing-keys/signing-key.store.ts': 'signing keys',
      'libs/persistence/src/database-clock.ts': 'a moved virtual clock',
      'libs/persistence/src/database-listener.ts': 'a listener hears itself, whatever else is announced',
    },
  },
  'reads a token of three parts': {
    finds: (node) => calls(['split'], '.')(node) || calls(['jwtVerify', 'compactVerify', 'decodeJwt'])(node),
    home: {
      'libs/resource-server/src/jws.ts':
        'in the package that APIs install: it must need nothing (ADR 22, 81)',
    },
    beside: {
      'apps/admin-api/src/events/event-view.ts': 'the name of an event type',
      'apps/auth-server/src/interactions/notices.ts': 'a cookie with a signature of ours',
      'apps/cli/src/doctor/doctor.ts': 'the number of a Node version',
    },
  },
  'checks a DPoP proof': {
    finds: says(/^dpop\+jwt$/),
    home: {
      'libs/resource-server/src/dpop/proof-reader.ts': 'for APIs, the token endpoint and the admin API',
    },
  },
};

const countsOf = (finds: OneHome['finds']): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const node of nodesIn(product, finds)) {
    const { fileName } = node.getSourceFile();
    counts[fileName] = (counts[fileName] ?? 0) + 1;
  }
  return counts;
};

describe.each(Object.entries(rules))('the code that %s', (_, { finds, home, beside = {} }) => {
  const counts = countsOf(finds);
  const places = Object.keys(counts);

  it('stands at its home', () => {
    expect(places).toEqual(expect.arrayContaining(Object.keys(home)));
  });

  it('stands nowhere else but where this table says', () => {
    const allowed = new Set([...Object.keys(home), ...Object.keys(beside)]);
    expect(places.filter((place) => !allowed.has(place))).toEqual([]);
  });

  it('still stands at each place that this table excuses', () => {
    expect(Object.keys(beside).filter((place) => !counts[place])).toEqual([]);
  });
});
