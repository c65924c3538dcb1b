import { randomUUID } from 'node:crypto';
import type { Page } from 'playwright-core';
import { type AdminWorld, deviceGrant, orders } from '../e2e/admin-world.js';
import { aTransmitter, fileOf } from './console-world.js';

/** A table of a page: the source that has its button, where it stands, its columns, and a value of its first row as the page says it. */
export interface Table {
  readonly source: string;
  readonly at: string;
  /** The region that the button is in; the whole page without it. */
  readonly within?: string;
  readonly file: string;
  readonly columns: string;
  readonly shows?: readonly [column: string, words?: (value: string) => string];
}

const short = (id: string) => id.slice(0, 8);
const rounded = (value: string) => Number(value).toLocaleString('en-US', { maximumSignificantDigits: 3 });
const unquoted = (value: string) => String(JSON.parse(value));

/** The cells of a line (RFC 4180 §2). */
const cellsOf = (line: string) =>
  [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
  );

/** A name that a spreadsheet would take for a formula. */
export const formula = '=1+1';

/** A session at an application whose name is a formula; returns the id of the application. */
async function aFormula(admin: AdminWorld): Promise<string> {
  const { body } = await admin.post('/v1/clients', {
    client_name: formula,
    grant_types: [deviceGrant, 'refresh_token'],
    token_endpoint_auth_method: 'none',
    resources: [orders],
  });
  const client_id: string = body.client_id;
  await admin.signInRaw(admin.person(), { client_id, resource: orders, scope: 'openid offline_access' });
  return client_id;
}

/** Gives a policy a second version of two days ago, and a shadow that has marked a session. */
async function tryOut(admin: AdminWorld, name: string): Promise<void> {
  const settings = { basedOn: 'standard', absoluteLifetime: '6h' };
  await admin.call('PUT', `/v1/policies/${name}`, { body: { settings }, headers: { 'if-match': '"1"' } });
  await admin.database.query(
    `UPDATE policy SET created_at = now() - make_interval(days => 4 - version) WHERE name = $1`,
    [name],
  );
  await admin.call('PUT', `/v1/policies/${name}/shadow`, { body: { inactivity_timeout: '5m' } });
  await admin.database.query(
    `INSERT INTO session SELECT (jsonb_populate_record(s, jsonb_build_object(
       'id', gen_random_uuid(), 'client_id', $1::text, 'shadow_end', clock_timestamp()))).*
     FROM session s WHERE ended_at IS NULL LIMIT 1`,
    [admin.data.clients.web.client_id],
  );
}

/** A policy whose adaptation has taken a step. */
async function anAdaptedPolicy(admin: AdminWorld): Promise<string> {
  const name = `p${randomUUID().slice(0, 8)}`;
  await admin.post('/v1/policies', { name, settings: { basedOn: 'standard' } });
  const budget = { kind: 'sign_ins_per_person_day', max: 2 };
  const limits = { mode: 'propose', floor: '10m', ceiling: '1h', budget };
  await admin.call('PUT', `/v1/policies/${name}/adaptation`, { body: limits });
  const id = randomUUID();
  await admin.database.query(
    `INSERT INTO policy_proposal (id, policy, status, from_timeout, to_timeout, numbers, made_at) VALUES ($1, $2, 'open', 1800, 1380, '{"accounts": 200}', now())`,
    [id, name],
  );
  await admin.post(`/v1/policies/${name}/proposals/${id}/approve`, { note: 'asked the desk' });
  return name;
}

/** A play that is over. */
async function aPlay(admin: AdminWorld): Promise<string> {
  const id = randomUUID();
  const step = { step: 'sign_in', at: 0, took_ms: 5, outcome: 'passed', told: 'somebody has signed in' };
  const steps = [{ ...step, session_id: null, denied_after_ms: null }];
  await admin.database.query(
    `INSERT INTO scenario_play (id, scenario, started_by, started_at, client_id, state, steps, seen_at)
     VALUES ($1, 'stolen-token', '{"kind":"client","id":null}', now(), 'gone', 'passed', $2, now())`,
    [id, JSON.stringify(steps)],
  );
  return id;
}

/** Every table of the console that is handed out as a file, with rows; `tried` is a policy of the example web application. */
export async function tables(admin: AdminWorld, tried: string): Promise<readonly Table[]> {
  const { client_id: web } = admin.data.clients.web;
  const [client, play] = await Promise.all([aFormula(admin), aPlay(admin)]);
  await admin.reuse(await admin.signIn());
  await admin.post('/v1/receivers', { name: 'told', address: 'http://127.0.0.1:9/told' });
  await admin.post('/v1/gateway-routes', {
    name: 'told',
    position: 10,
    resource: orders,
    hosts: ['told.example.test'],
  });
  await admin.post('/v1/identity-providers', {
    ...{ id: 'told', name: 'Told', issuer: 'https://told.example.test' },
    ...{ client_id: 'curfew', client_secret: 'unused', enabled: false },
  });
  await aTransmitter(admin, 'told');
  await admin.call('PUT', '/v1/client-hosts/told.example.test', { body: { resources: [orders] } });
  const adapted = await anAdaptedPolicy(admin);
  await tryOut(admin, tried);
  const insight = `/insight?policy=${tried}`;
  const trials = `/policies/${tried}?view=trials`;
  const revisions = `/policies/${tried}?view=revisions`;
  const figure = 'hours_per_day';
  return [
    {
      source: 'now/followers',
      at: '/now',
      within: 'Time to deny',
      file: 'time-to-deny',
      columns: 'follower,client_id,time_to_deny_ms,stale',
      shows: ['follower', short],
    },
    {
      source: 'people/people-page',
      at: '/people',
      file: 'people',
      columns: 'id,username,created_at,password_changed_at,must_change_password,disabled_at',
      shows: ['username'],
    },
    {
      source: 'people/providers-page',
      at: '/people/identity-providers',
      file: 'identity providers',
      columns: 'id,name,issuer,client_id,enabled,updated_at',
      shows: ['issuer'],
    },
    {
      source: 'applications/applications-page',
      at: `/applications?search=${client}`,
      file: 'applications',
      columns:
        'client_id,client_name,kind,token_endpoint_auth_method,grant_types,redirect_uris,resources,registered_at,disabled_at',
      shows: ['client_name', (name) => name.replace(/^'/, '')],
    },
    {
      source: 'applications/client-hosts',
      at: '/applications',
      within: 'Hosts of documents',
      file: 'hosts-of-documents',
      columns: 'host,resources,client_ids,created_at',
      shows: ['host'],
    },
    {
      source: 'sessions/sessions-page',
      at: `/sessions?client=${client}`,
      file: 'sessions',
      columns:
        'id,username,account_id,client_name,client_id,state,started_at,last_active_at,ended_at,end_reason,ip,browser,operating_system',
      shows: ['client_name', (name) => name.replace(/^'/, '')],
    },
    {
      source: 'apis/apis-page',
      at: '/apis',
      file: 'apis',
      columns: 'audience,name,scopes,default_scopes,token_format,policy,created_at',
      shows: ['audience'],
    },
    {
      source: 'apis/routes-page',
      at: '/apis/routes',
      file: 'gateway routes',
      columns: 'position,name,resource,hosts,schemes,path,methods,requires,upstream',
      shows: ['hosts'],
    },
    {
      source: 'policies/policies-page',
      at: '/policies',
      file: 'policies',
      columns: 'name,version,profile,attached_to,settings',
      shows: ['name'],
    },
    {
      source: 'policies/effective-policy',
      at: `/policies?client=${web}`,
      within: 'Effective policy',
      file: 'effective-policy',
      columns: 'setting,value,set_by',
      shows: ['set_by', (from) => from.split(' ')[0]!],
    },
    {
      source: 'policies/what-if',
      at: trials,
      within: 'What if',
      file: `what-if-${tried}-15m`,
      columns: 'figure,now_value,now_low,now_high,then_value,then_low,then_high',
      shows: ['now_value', rounded],
    },
    {
      source: 'policies/shadowed-sessions',
      at: trials,
      within: 'Shadow',
      file: `shadow-${tried}`,
      columns:
        'id,account_id,client_id,would_have_ended_at,used_again_after_seconds,last_active_at,ended_at,end_reason',
      shows: ['id', short],
    },
    {
      source: 'policies/revisions',
      at: revisions,
      within: 'Revisions',
      file: `revisions-${tried}`,
      columns: 'version,created_at,created_by,settings',
      shows: ['created_by', (by) => `by ${by}`],
    },
    {
      source: 'policies/revisions',
      at: revisions,
      within: 'Side by side',
      file: 'versions-1-2',
      columns: 'setting,version_1,version_2',
      shows: ['version_2', unquoted],
    },
    {
      source: 'policies/adaptation-history',
      at: `/policies/${adapted}?view=adaptation`,
      within: 'History',
      file: `adaptation-${adapted}`,
      columns: 'at,step,version,from_seconds,to_seconds,share_percent,by,reasons',
      shows: ['reasons'],
    },
    {
      source: 'insight/silences-curve',
      at: insight,
      within: 'Silences',
      file: 'silences',
      columns: 'from_seconds,to_seconds,returned,came_back',
    },
    {
      source: 'insight/after-timeout',
      at: insight,
      within: 'After a timeout',
      file: 'after-a-timeout',
      columns: 'within_seconds,ended,shown,proved,resumed',
      shows: ['ended', (count) => Number(count).toLocaleString('en-US')],
    },
    {
      source: 'insight/after-timeout',
      at: insight,
      within: 'Cost to people',
      file: 'cost-to-people',
      columns: 'figure,value,low,high',
      shows: ['value', rounded],
    },
    {
      source: 'insight/low-value',
      at: insight,
      within: 'Low-value idle time',
      file: 'low-value',
      columns: 'client_id,silences,share_by_a_clock,advice',
      shows: ['client_id'],
    },
    {
      source: 'insight/exposure',
      at: insight,
      within: 'Exposure',
      file: 'exposure',
      columns: `from,days,${figure},low,high`,
      shows: [figure, rounded],
    },
    {
      source: 'insight/exposure',
      at: insight,
      within: 'Changes',
      file: 'changes',
      columns: `version,at,${figure}_before,${figure}_predicted,${figure}_since`,
      shows: ['version', (version) => `Version ${version}`],
    },
    {
      source: 'insight/false-theft',
      at: '/insight',
      within: 'False theft',
      file: 'false-theft',
      columns: 'client_id,ends,came_back_as_themselves,share,share_low,share_high',
      shows: ['client_id'],
    },
    {
      source: 'events/events-page',
      at: '/events?type=session.started',
      file: 'events',
      columns: 'at,type,username,account_id,client_id,session_id,address,by,data,id',
      shows: ['username'],
    },
    {
      source: 'events/transmitters-page',
      at: '/events/transmitters',
      file: 'transmitters',
      columns: 'id,issuer,delivery,signals,enabled,poll_fault,updated_at',
      shows: ['issuer'],
    },
    {
      source: 'scenarios/play-view',
      at: `/scenarios?scenario=stolen-token&play=${play}`,
      within: 'Play',
      file: 'stolen-token',
      columns: 'step,at_seconds,took_ms,outcome,told,session_id,denied_after_ms',
      shows: ['told'],
    },
    {
      source: 'compliance/compliance-page',
      at: '/compliance?standard=hipaa',
      file: 'compliance',
      columns: 'document,section,asks,state,in_force_since,checks,note',
      shows: ['section'],
    },
    {
      source: 'system/nodes',
      at: '/system',
      within: 'Nodes and followers',
      file: 'followers',
      columns: 'node,seen_at,follower,client_id,acknowledged_at,time_to_deny_ms,stale',
      shows: ['node', short],
    },
    {
      source: 'system/receivers',
      at: '/system',
      within: 'Receivers',
      file: 'receivers',
      columns: 'id,name,kind,address,status,waiting,dead',
      shows: ['address'],
    },
    {
      source: 'system/keys',
      at: '/system',
      within: 'Signing keys',
      file: 'keys',
      columns: 'kid,alg,state,activates_at,retires_at',
      // A kid may begin with a minus, which leaves as a text.
      shows: ['kid', (kid) => kid.replace(/^'/, '').slice(0, 12)],
    },
    {
      source: 'system/doctor',
      at: '/system',
      within: 'Doctor',
      file: 'doctor',
      columns: 'name,state,detail,advice',
      shows: ['detail'],
    },
  ];
}

/** The faults in the file of a table of the page that is open. */
export async function faultsOf(page: Page, { within, file, columns, shows }: Table): Promise<string[]> {
  const main = page.getByRole('main');
  const region = within ? main.locator(`[aria-label="${within}"]`) : main;
  const button = region.getByRole('button', { name: 'CSV', exact: true }).first();
  await button.and(page.locator(':not([aria-disabled])')).waitFor();
  const { name, text } = await fileOf(region);
  const [heading = '', first = ''] = text.split('\r\n');
  const [column = '', words = (value: string) => value] = shows ?? [];
  const value = words(cellsOf(first)[heading.split(',').indexOf(column)] ?? '');
  const seen = shows === undefined || ((await region.textContent()) ?? '').includes(value);
  return [
    name === `${file}.csv` ? '' : `it is called ${name}`,
    heading === columns ? '' : `its columns are ${heading}`,
    first === '' || (shows && value === '') ? `it has no rows: ${text}` : '',
    seen ? '' : `the page does not say ${value}`,
    ...cellsOf(first).filter((cell) => /^[=+@]/.test(cell)),
  ].filter(Boolean);
}
