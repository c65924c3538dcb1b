/**
 * Who may import whom. The table below is the plan of the house; `test/contract/import-rules.test.ts` sees each rule fire.
 * Sources are read as they stand: `@curfew/<room>` is resolved to the room's src/index.ts, so no build is needed.
 */

const { existsSync, readFileSync } = require('node:fs');
const { join } = require('node:path');

/** Room → the other rooms it may import, or the one door of a room. A room that is not listed may import none. */
const mayImport = {
  'session-policy': [],
  browser: [],
  clock: ['session-policy'],
  compliance: ['session-policy'],
  config: [],
  doctor: ['clients', 'clock', 'config', 'persistence'],
  pages: ['session-policy'],
  persistence: ['config', 'clock'],
  signals: ['config', 'session-policy'],
  events: ['session-policy', 'persistence', 'clock'],
  clients: ['session-policy', 'persistence', 'clock', 'pages'],
  accounts: ['session-policy', 'config', 'persistence', 'clock'],
  insight: ['session-policy', 'persistence'],
  mail: ['accounts', 'events', 'session-policy', 'config', 'persistence', 'clock'],
  tokens: ['session-policy', 'events', 'persistence'],
  sessions: ['tokens', 'session-policy', 'events', 'insight', 'persistence', 'clock'],
  artifacts: ['tokens', 'sessions', 'accounts', 'session-policy', 'events', 'persistence'],
  'token-endpoint': [
    'tokens',
    'artifacts',
    'sessions',
    'clients',
    'accounts',
    'session-policy',
    'persistence',
    'clock',
    'signals',
    'web',
    'resource-server/dpop',
    'resource-server/jws',
  ],
  oidc: [
    'resource-server/dpop',
    'token-endpoint',
    'tokens',
    'artifacts',
    'sessions',
    'clients',
    'accounts',
    'session-policy',
    'web',
  ],
  'resource-server': ['session-policy', 'config', 'clock'],
  web: ['config', 'clock'],
  operations: [
    'accounts',
    'artifacts',
    'clients',
    'clock',
    'events',
    'mail',
    'persistence',
    'session-policy',
    'sessions',
  ],
  foundation: [
    'accounts',
    'artifacts',
    'clients',
    'clock',
    'config',
    'events',
    'insight',
    'mail',
    'operations',
    'persistence',
    'session-policy',
    'sessions',
    'signals',
    'tokens',
    'web',
  ],
};

const spec = '\\.spec\\.ts$';
const rooms = Object.keys(mayImport);

/** The files that a room or a door of it (`room/door`) consists of. */
const filesOf = (place) => {
  const [room, door] = place.split('/');
  return door === undefined ? `${room}/` : `${room}/src/${door}(/|\\.ts$)`;
};

/** The doors of a room beside its index, as its package.json exports them: a file, or a folder with an index. */
const doorsOf = (room) => {
  const manifest = join(__dirname, 'libs', room, 'package.json');
  const { exports = {} } = existsSync(manifest) ? JSON.parse(readFileSync(manifest, 'utf8')) : {};
  return Object.keys(exports)
    .filter((name) => /^\.\/[a-z-]+$/.test(name))
    .map((name) => `^libs/${room}/src/${name.slice(2)}(/index)?\\.ts$`);
};

const roomRules = rooms.map((room) => ({
  name: `room-${room}`,
  severity: 'error',
  comment: `${room} may import ${mayImport[room].join(', ') || 'no other room'}.`,
  from: { path: `^libs/${room}/` },
  to: { path: '^libs/[^/]+/', pathNot: `^libs/(${[room, ...mayImport[room]].map(filesOf).join('|')})` },
}));

/** A package by name, as it stands in node_modules or, where its exports hide the file, as it was written. */
const named = (...packages) => `^(node_modules/)?(@types/)?(${packages.join('|')})(/|$)`;

module.exports = {
  forbidden: [
    ...roomRules,
    {
      name: 'known-room',
      severity: 'error',
      comment: 'A new room starts with a line in the table above.',
      from: { path: '^(libs|apps)/' },
      to: { path: '^libs/[^/]+/', pathNot: `^libs/(${rooms.join('|')})/` },
    },
    {
      name: 'session-policy-is-pure',
      severity: 'error',
      comment:
        'The domain imports nothing: no package, no node:*, so that a decision depends on its arguments alone.',
      from: { path: '^libs/session-policy/', pathNot: spec },
      to: { pathNot: '^libs/' },
    },
    {
      name: 'by-index-only',
      severity: 'error',
      comment:
        'A room is used through its index and the doors that its package.json exports (ADR 81); what lies behind may change without notice.',
      from: { path: '^(libs|apps)/([^/]+)/' },
      to: {
        path: '^libs/[^/]+/',
        pathNot: ['^$1/$2/', '^libs/[^/]+/src/index\\.ts$', ...rooms.flatMap(doorsOf)],
      },
    },
    {
      name: 'by-name-only',
      severity: 'error',
      comment: 'Another room is named @curfew/<room>, not by a relative path.',
      from: { path: '^(libs|apps)/([^/]+)/' },
      to: { path: '^libs/[^/]+/', pathNot: '^$1/$2/', dependencyTypesNot: ['aliased'] },
    },
    {
      name: 'no-import-of-apps',
      severity: 'error',
      comment: 'Apps are ends of the graph: neither rooms nor other apps import them.',
      from: { path: '^(libs|apps)/([^/]+)/' },
      to: { path: '^apps/[^/]+/', pathNot: '^$1/$2/' },
    },
    {
      name: 'console-talks-http',
      severity: 'error',
      comment: 'The console is a browser application: it knows the service by admin-api only.',
      from: { path: '^apps/console/' },
      to: { path: '^libs/' },
    },
    {
      name: 'prisma-in-stores',
      severity: 'error',
      comment: 'Only persistence, stores and adapters name Prisma or its driver.',
      from: {
        path: '^(libs|apps)/',
        pathNot: ['^libs/persistence/', '(store|adapter)s?/', '(store|adapter)\\.ts$', spec],
      },
      to: { path: ['^libs/persistence/src/generated/', named('prisma', '@prisma/[^/]+', 'pg')] },
    },
    {
      name: 'oidc-provider-in-oidc',
      severity: 'error',
      comment: 'Only libs/oidc names oidc-provider; everyone else sees our own words.',
      from: { path: '^(libs|apps)/', pathNot: '^libs/oidc/' },
      to: { path: named('oidc-provider') },
    },
    {
      name: 'token-endpoint-without-library',
      severity: 'error',
      comment: 'Tokens are made, judged and taken back without oidc-provider (ADR 62).',
      from: { path: '^libs/(tokens|artifacts|token-endpoint)/' },
      to: { path: [named('oidc-provider'), '^libs/oidc/'] },
    },
    {
      name: 'oidc-provider-root-only',
      severity: 'error',
      comment: 'What lies behind the root of oidc-provider is private and moves without notice.',
      from: { path: '^(libs|apps)/' },
      to: { path: '^(node_modules/)?oidc-provider/', pathNot: '^node_modules/oidc-provider/lib/index\\.js$' },
    },
    {
      name: 'sessions-know-no-http',
      severity: 'error',
      comment: 'The one writer is used by every edge and belongs to none.',
      from: {
        path: '^libs/(sessions|session-policy|events|clients|accounts|operations|persistence|tokens|artifacts)/',
        pathNot: spec,
      },
      to: {
        path: [
          '^(node:)?https?2?$',
          named('express', 'fastify', '@nestjs/platform-[^/]+', 'koa', 'http-proxy-3', 'undici'),
        ],
      },
    },
    {
      name: 'no-cycle',
      severity: 'error',
      comment: 'A cycle has no first room to read, and with decorators it breaks at run time.',
      from: { path: '^(libs|apps)/', pathNot: '/generated/' },
      to: { circular: true },
    },
    {
      name: 'declared-dependency',
      severity: 'error',
      comment: 'What the product needs stands under dependencies; tests and builds have devDependencies.',
      from: { path: '^(libs|apps)/', pathNot: [spec, '/generated/', '^apps/(console|example-app)/'] },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'resolvable',
      severity: 'error',
      comment:
        'An import nobody can follow would escape every rule above. The Prisma client is generated by a build.',
      from: { path: '^(libs|apps)/' },
      to: { couldNotResolve: true, pathNot: 'generated/' },
    },
  ],
  options: {
    tsConfig: { fileName: '.dependency-cruiser.tsconfig.json' },
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['(^|/)dist/', '^apps/console/(dist|public)/', '\\.tsbuildinfo$'] },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
      mainFields: ['module', 'main'],
    },
  },
};
