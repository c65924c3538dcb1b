import ts from 'typescript';
import { repeatsItself } from '../support/repeated-work.js';
import { filesBelow, isProduct, nodesIn } from '../support/sources.js';

const product = filesBelow('.').filter(isProduct);

/** The text of a string or of a part of a template; empty for other nodes. */
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

/** A signature over data: by a key that is asked with the data alone, by Node, by WebCrypto, or by a class of jose. */
const signs = (node: ts.Node): boolean => {
  if (ts.isNewExpression(node))
    return /^(\w+\.)?(SignJWT|(Compact|Flattened|General)Sign)$/.test(node.expression.getText());
  if (!ts.isCallExpression(node)) return false;
  const { expression, arguments: given } = node;
  if (/(^|\.)createSign$|^(crypto|subtle)\.sign$|\.subtle\.sign$/.test(expression.getText())) return true;
  if (ts.isIdentifier(expression)) return importsSign(node.getSourceFile(), expression.text);
  return ts.isPropertyAccessExpression(expression) && expression.name.text === 'sign' && given.length === 1;
};
/** Whether a file has `sign` of node:crypto under this name. */
const importsSign = (file: ts.SourceFile, local: string): boolean =>
  file.statements.some(
    (statement) =>
      ts.isImportDeclaration(statement) &&
      /^'(node:)?crypto'$/.test(statement.moduleSpecifier.getText()) &&
      statement.importClause?.namedBindings !== undefined &&
      ts.isNamedImports(statement.importClause.namedBindings) &&
      statement.importClause.namedBindings.elements.some(
        ({ name, propertyName }) => name.text === local && (propertyName ?? name).text === 'sign',
      ),
  );
/** The parts of a text behind a dot, in a template, in a sum, or in a list that is joined. */
const behindDots = (node: ts.Node): readonly ts.Expression[] => {
  if (ts.isTemplateExpression(node))
    return node.templateSpans.flatMap(({ expression }, at) =>
      (node.templateSpans[at - 1]?.literal ?? node.head).text.endsWith('.') ? expression : [],
    );
  if (ts.isBinaryExpression(node) && ts.isBinaryExpression(node.left))
    return textOf(node.left.right).endsWith('.') ? [node.right] : [];
  const joins =
    calls(['join'], '.')(node) && ts.isPropertyAccessExpression((node as ts.CallExpression).expression);
  const list = joins
    ? ((node as ts.CallExpression).expression as ts.PropertyAccessExpression).expression
    : undefined;
  return list && ts.isArrayLiteralExpression(list) ? list.elements : [];
};
/** The code of an expression; the code that gives a variable its value, if the expression is its name. */
const codeBehind = (expression: ts.Expression): string => {
  if (!ts.isIdentifier(expression)) return expression.getText();
  const isIts = (one: ts.Node) => ts.isVariableDeclaration(one) && one.name.getText() === expression.text;
  return nodesIn([expression.getSourceFile().fileName], isIts)
    .map((one) => one.getText())
    .join(' ');
};
/** The compact form of a JWS (RFC 7515 §7.1): a signature or a MAC in base64url stands behind a dot. */
const joinsSignature = (node: ts.Node): boolean =>
  behindDots(node)
    .map(codeBehind)
    .some((code) => /\b(sign|digest)\(/.test(code) && code.includes('base64url'));

interface OneHome {
  readonly finds: (node: ts.Node) => boolean;
  /** The place of the rule, and why it is there where that is not plain. */
  readonly home: Readonly<Record<string, string>>;
  /** Places that stand beside the home for a reason that stays. */
  readonly beside?: Readonly<Record<string, string>>;
}

const asksAgain = 'asks again for one answer, and gives up after a while';
const endsWithItsRequests = 'watches requests that wait, and stops with the last one';

/** Each rule that has one home, found by its structure: this table names the code that has it a second time. */
const rules: Readonly<Record<string, OneHome>> = {
  'opens an HTTP server': {
    finds: calls(['createServer', 'createSecureServer', 'Server']),
    home: { 'libs/web/src/http-server.ts': 'limits, close and connections' },
    beside: {
      'apps/demo/src/orders.ts': 'an example of an API, in plain Node',
      'apps/demo/src/main.ts': 'the example application, in plain Node',
    },
  },
  'reads a body from the network': {
    finds: calls(['on'], 'data'),
    home: { 'libs/web/src/http-server.ts': '' },
    beside: {
      'apps/gateway/src/proxy/streams-handed-over.ts':
        'sees where an event ends, and keeps four bytes of what passes',
    },
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
      'apps/demo/src/page.ts': 'the example application, in plain Node',
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
  'decides whether addresses of the inside are asked': {
    finds: (node) =>
      (ts.isPropertyAssignment(node) || ts.isVariableDeclaration(node)) &&
      /^allow(Inside|Private)/.test(node.name.getText()) &&
      node.initializer !== undefined &&
      /'production'/.test(node.initializer.getText()),
    home: { 'libs/foundation/src/open-foundation.ts': 'addresses that clients name: keys and documents' },
    beside: {
      'libs/config/src/configuration.ts': 'addresses that operators enter, which a setting may let in',
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
    finds: (node) =>
      calls(['createCipheriv', 'createDecipheriv'])(node) ||
      (ts.isCallExpression(node) && /\bsubtle\.(en|de)crypt$/.test(node.expression.getText())),
    home: { 'libs/tokens/src/sealing.ts': '' },
    beside: {
      'libs/browser/src/vault.ts':
        'in the package that pages install: by a key that does not leave its browser',
    },
  },
  'derives a key': {
    finds: calls(['hkdf', 'hkdfSync']),
    home: { 'libs/tokens/src/sealing.ts': '' },
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
  'asks of a row whether its session stands': {
    finds: asks(/\bended_at is null and (?:\w+\.)?expires_at >/),
    home: { 'libs/sessions/src/store/standing-statements.ts': 'as far as rows tell: decideAccess decides' },
    beside: {
      'libs/sessions/src/store/session-rotate.ts': 'the condition under which its compare-and-set writes',
      'libs/sessions/src/store/postgres-session-store.ts':
        'the conditions under which activity and a kept token are written',
      'libs/sessions/src/store/start-statement.ts': 'rows that wait for a step-up, ended by an entry or not',
      'libs/sessions/src/browser-session-row.ts': 'facts of a browser, of which the domain decides',
    },
  },
  'does the arithmetic of deadlines in SQL': {
    finds: asks(
      /\bexpires_at = [^;]*make_interval\(|last_active_at[^;]* \+ make_interval\(|\bmake_interval\(secs => (?:\w+\.)?inactivity_timeout/,
    ),
    home: { 'libs/sessions/src/store/standing-statements.ts': 'compared with `deadlines` of the domain' },
    beside: {
      'libs/sessions/src/store/session-start.ts':
        'a step-up is activity: compared with `steppedUp` of the domain',
      'libs/sessions/src/browser-session-sweeper.ts': 'browsers whose policy has become longer',
      'libs/sessions/src/store/end-statement.ts': 'how long the row of an ended browser is kept, no deadline',
    },
  },
  'begins a session': {
    finds: asks(/insert into session\b/),
    home: { 'libs/sessions/src/store/start-statement.ts': 'as a fragment' },
  },
  'records the one use of a proof': {
    finds: asks(/\bprotocol_artifact\.expires_at <=/),
    home: { 'libs/sessions/src/store/once-record.ts': 'as a fragment' },
  },
  'counts against a throttle': {
    finds: asks(/insert into throttle\b/),
    home: { 'libs/accounts/src/throttle-statements.ts': 'as a fragment' },
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
      'libs/accounts/src/identity-providers/identity-provider.store.ts': 'identity providers',
      'libs/events/src/alerts/watch.store.ts': 'alerts',
      'libs/events/src/transmitters/transmitter.store.ts': 'transmitters of security events',
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
      'libs/browser/src/encoding.ts': 'in the package that pages install: an ID token from the server itself',
      'apps/admin-api/src/events/event-view.ts': 'the name of an event type',
      'apps/auth-server/src/interactions/notices.ts': 'a cookie with a signature of ours',
      'apps/cli/src/doctor/doctor.ts': 'the number of a Node version',
    },
  },
  'names a client and its secret': {
    finds: says(/^Basic $/),
    home: { 'libs/resource-server/src/client-basic.ts': 'in the package that APIs install' },
  },
  'writes a JWS': {
    finds: (node) => signs(node) || joinsSignature(node),
    home: {
      'libs/tokens/src/signing-keys/sign-jwt.ts': 'writes every JWS',
      'libs/tokens/src/signing-keys/signing-key.ts': 'signs what it is given',
    },
    beside: {
      'libs/oidc/src/hooks/signing-keys.ts': 'oidc-provider signs with our keys through this class',
      'libs/browser/src/proof.ts': 'in the package that pages install: proofs by a key of the browser',
      'apps/cli/src/scenario/oauth.ts': 'plays a client that signs its assertion with a key of its own',
    },
  },
  'repeats by itself': {
    finds: repeatsItself,
    home: {
      'libs/web/src/loops.ts': 'background loops, at the common beats of a process',
    },
    beside: {
      'libs/clock/src/process-time.ts': 'below libs/web, at the common beats',
      'libs/persistence/src/database-listener.ts':
        'below libs/web, at the common beats; connects again with growing pauses',
      'libs/persistence/src/guard/guard-beat.ts':
        'below libs/web, at the common beats; its last mark comes after the loop',
      'libs/events/src/feed/session-feed.ts': 'the beat that followers hear, which waits for no other work',
      'libs/web/src/http-server.ts': 'looks after its own connections, for as long as it is open',
      'libs/resource-server/src/verifier.ts': 'in the package that APIs install, for open connections only',
      'libs/browser/src/deadline-watch.ts':
        'in the package that pages install: looks at the clocks of a session',
      'libs/resource-server/src/feed/follower.ts': 'in the package that APIs install: opens the feed again',
      'libs/persistence/src/batcher.ts': `${endsWithItsRequests}; ${asksAgain}`,
      'libs/clients/src/fresh-cache.ts':
        'waits a quarter of a second for more that is due, once for all of it',
      'libs/insight/src/summed-counts.ts': 'gives way to other work until all is added up',
      'libs/persistence/src/guarded-client.ts': endsWithItsRequests,
      'libs/accounts/src/hashing/hashing-process.ts': `${endsWithItsRequests}; a process that ended is started again`,
      'libs/accounts/src/hashing/standing-back.ts': endsWithItsRequests,
      'libs/persistence/src/migrations.ts': asksAgain,
      'libs/persistence/src/guard/judgement.ts': asksAgain,
      'libs/events/src/feed/end-confirmation.ts': asksAgain,
      'apps/auth-server/src/interactions/own-account.ts': asksAgain,
      'apps/auth-server/src/delivery/ssf/polling.ts': `${asksAgain} (RFC 8936 §2.5)`,
      'apps/auth-server/src/workers/workers.ts': 'a worker that ended is started again',
      'apps/admin-api/src/events/event-streams.ts': 'one open stream each',
      'apps/admin-api/src/scenarios/scenario-player.ts': 'one scenario each, which it bounds',
      'apps/gateway/src/routes/route-source.ts': `a file is looked at by Node; ${asksAgain}`,
      'apps/gateway/src/routes/kept-routes.ts': asksAgain,
      'apps/cli/src/admin-client.ts': asksAgain,
      'apps/cli/src/commands/events.ts': 'a command that follows events until it is stopped',
      'apps/cli/src/scenario/installation.ts': asksAgain,
      'apps/cli/src/scenario/play.ts': 'the pauses of a scenario',
      'apps/demo/src/enforcement.ts': 'an example, which runs once',
      'apps/demo/src/orders.ts': 'an example of an API, in plain Node',
      'apps/example-app/src/clocks.tsx': 'an example of a page, which shows each second',
    },
  },
  'checks a DPoP proof': {
    finds: says(/^dpop\+jwt$/),
    home: {
      'libs/resource-server/src/dpop/proof-reader.ts': 'for APIs, the token endpoint and the admin API',
    },
    beside: { 'libs/browser/src/proof.ts': 'makes proofs, in the package that pages install' },
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
