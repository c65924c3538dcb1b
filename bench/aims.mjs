import { significant } from './statistics.mjs';

/*
 * What each path shall cost, as docs/performance.md tells it: `npm run bench -- --table` measures all of it in one run and says what is
 * reached. Figures are at most these, those of `atLeast` at least.
 */
export const aims = [
  { path: 'end-many', field: 'cpuMs', aim: 0.6 },
  { path: 'end-many', field: 'perSecond', aim: 4000, atLeast: true },
  { path: 'end-alone', field: 'cpuMs', aim: 1.2 },
  { path: 'end-alone', field: 'walBytes', aim: 1000 },
  { path: 'end-until-denied', field: 'p99Ms', aim: 10 },
  { path: 'code-exchange', field: 'cpuMs', aim: 1.2 },
  { path: 'code-exchange', field: 'commits', aim: 1.1 },
  { path: 'refresh-jwt', field: 'cpuMs', aim: 0.4 },
  { path: 'refresh-dpop', field: 'cpuMs', aim: 0.45 },
  { path: 'refresh-assertion', field: 'cpuMs', aim: 0.6 },
  { path: 'introspection-jwt', field: 'cpuMs', aim: 0.25 },
  { path: 'refresh-1000-clients', field: 'cpuMs', aim: 0.28 },
  { path: 'refresh-1000-clients', field: 'p99Ms', aim: 40 },
  { path: 'refresh', field: 'cpuMs', aim: 0.22 },
  { path: 'introspection', field: 'cpuMs', aim: 0.15 },
  { path: 'client-credentials', field: 'cpuMs', aim: 0.14 },
  { path: 'gateway-warm', field: 'cpuMs', aim: 0.048 },
  { path: 'sign-in', field: 'besidePasswordCpuMs', aim: 5 },
  { path: 'sign-in', field: 'walBytes', aim: 3000 },
  { path: 'passkey-sign-in', field: 'besidePagesCpuMs', aim: 3 },
  { path: 'idle', field: 'cpuMs', aim: 3 },
  { path: 'idle', field: 'commits', aim: 2 },
  { path: 'refresh-over-3', field: 'commits', aim: 0.15 },
  { path: 'refresh-pooled', field: 'timesDirect', aim: 1.2 },
  { path: 'backends-of-20', field: 'backends', aim: 40 },
];

/** The paths that the aims are about, with those that measure several. */
export const pathsWithAims = [
  ...['refresh', 'introspection', 'client-credentials', 'gateway-warm', 'end-until-denied', 'end-many'],
  ...[
    'idle',
    'refresh-dpop',
    'refresh-assertion',
    'refresh-1000-clients',
    'refresh-jwt',
    'introspection-jwt',
  ],
  ...['code-exchange', 'sign-in', 'passkey-sign-in', 'refresh-processes', 'refresh-pooled', 'backends-of-20'],
];

/** What was measured beside what it shall be, as a Markdown table. */
export function aimTable(rows) {
  const lines = aims.flatMap(({ path, field, aim, atLeast }) => {
    const found = rows.find((row) => row.path === path)?.[field];
    if (found === undefined || found === null) return [`| ${path} | ${field} | – | ${aim} | not measured |`];
    const isReached = atLeast ? found >= aim : found <= aim;
    return [
      `| ${path} | ${field} | ${significant(found)} | ${aim} | ${isReached ? 'reached' : 'not reached'} |`,
    ];
  });
  return ['| path | figure | now | aim | |', '| --- | --- | --- | --- | --- |', ...lines].join('\n');
}
