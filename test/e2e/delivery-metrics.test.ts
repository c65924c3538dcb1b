import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { PolicyService } from '@curfew/clients';
import { ManualClock } from '@curfew/clock';
import { alertPatterns } from '@curfew/events/alerts';
import { advanceVirtualClock } from '@curfew/persistence';
import { parse } from 'yaml';
import { freePort } from '../support/ports.js';
import { startReceiver } from '../support/receiver.js';
import { startServer } from '../support/server.js';
import { asHeader, ProtocolWorld } from './protocol-world.js';

let world: ProtocolWorld;
let metricsPort: number;
let kept: string;
beforeAll(async () => {
  metricsPort = await freePort();
  world = await ProtocolWorld.start({
    CURFEW_METRICS_PORT: String(metricsPort),
    CURFEW_DELIVERY_INTERVAL: '50ms',
    CURFEW_ALERT_UNKNOWN_TOKENS: '20/5m',
    CURFEW_THROTTLE_REFRESH: '1000/1m',
    CURFEW_VIRTUAL_CLOCK: 'true',
  });
  // Before another node is started: with a first-run file of its own it gives the people new passwords.
  kept = (await world.signIn(world.clients.web, { scope: 'openid offline_access', prompt: 'consent' })).body
    .refresh_token;
}, 60_000);
afterAll(() => world.stop());

const scrape = async (port = metricsPort): Promise<string> =>
  (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
const figure = (text: string, series: string): number =>
  Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.split(' ')[1] ?? 0,
  );
/** Refreshes are counted once a minute. */
const minuteLater = () =>
  advanceVirtualClock(world.database.prisma({ CURFEW_VIRTUAL_CLOCK: 'true' }), 61_000);
async function until(look: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await look())) {
    if (performance.now() > deadline) throw new Error('it did not happen');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

describe('the metrics of a node', () => {
  it('count sessions by reason, refreshes by outcome, reuse by class, and requests by route', async () => {
    const client = world.clients.web;
    const { body } = await world.signIn(client, { scope: 'openid offline_access', prompt: 'consent' });
    const second = (await world.refresh(client, body.refresh_token)).body.refresh_token;
    const third = (await world.refresh(client, second)).body.refresh_token;
    await world.refresh(client, third);
    expect((await world.refresh(client, body.refresh_token)).status).toBe(400);
    await until(async () =>
      (await scrape()).includes('curfew_sessions_ended_total{reason="refresh_token_reuse"} 1'),
    );
    await minuteLater();
    await until(async () => figure(await scrape(), 'curfew_refreshes_total{outcome="rotated"}') >= 3);
    const text = await scrape();
    expect(figure(text, 'curfew_sessions_started_total')).toBeGreaterThanOrEqual(1);
    expect(figure(text, 'curfew_reuse_total{class="stale_lineage"}')).toBe(1);
    expect(figure(text, 'curfew_refreshes_total{outcome="reuse"}')).toBe(1);
    expect(
      figure(text, 'curfew_http_requests_total{route="token",method="POST",status="200"}'),
    ).toBeGreaterThanOrEqual(4);
    expect(text).toContain('curfew_outbox_lag_seconds');
    expect(text).toContain('nodejs_eventloop_lag_p99_seconds');
  });

  it('count siblings by themselves: they are no retries, no reuse and no end', async () => {
    const client = world.clients.web;
    const policies = new PolicyService(world.database.prisma(), new ManualClock(Date.now()));
    const settings = { basedOn: 'standard', siblings: 'serve' };
    await policies.save({ name: 'shared', previous: 0, settings, createdBy: 'test' });
    await policies.attach({ kind: 'client', id: client.id }, 'shared');
    const counted = async () => {
      const text = await scrape();
      return [
        ...['sibling', 'retried', 'reuse', 'refused'].map(
          (one) => `curfew_refreshes_total{outcome="${one}"}`,
        ),
        'curfew_sessions_ended_total{reason="refresh_token_reuse"}',
      ].map((series) => figure(text, series));
    };
    const rotated = async () => figure(await scrape(), 'curfew_refreshes_total{outcome="rotated"}');
    const before = await rotated();
    const { body } = await world.signIn(client, { scope: 'openid offline_access', prompt: 'consent' });
    const second = (await world.refresh(client, body.refresh_token)).body.refresh_token;
    expect((await world.refresh(client, second)).status).toBe(200);
    const [siblings = 0, ...others] = await counted();
    for (let late = 0; late < 2; late += 1) {
      const answer = await world.refresh(client, body.refresh_token);
      expect([answer.status, answer.body.refresh_token]).toEqual([200, undefined]);
    }
    await until(async () => (await counted())[0] === siblings + 2);
    expect(await counted()).toEqual([siblings + 2, ...others]);
    await minuteLater();
    await until(async () => (await rotated()) > before);
    expect(await rotated()).toBe(before + 2);
    await policies.detach({ kind: 'client', id: client.id });
  });

  it('never take a word of a caller into a label', async () => {
    await fetch(new URL('/some-made-up-path-told-to-nobody', world.issuer), { method: 'PROPFIND' });
    await world.get('/jwks?x=some-made-up-query-told-to-nobody');
    const text = await scrape();
    expect(text).not.toContain('told-to-nobody');
    expect(text).toContain('method="other"');
  });

  it('are not served at the public address', async () => {
    expect((await world.get('/metrics')).body).not.toContain?.('curfew_http_requests_total');
  });

  it('are counted once in the installation, whichever of two nodes has the watch', async () => {
    const client = world.clients.web;
    const { body } = await world.signIn(client, { scope: 'openid offline_access', prompt: 'consent' });
    const secondPort = await freePort();
    const { CURFEW_DEV_FILE: _, ...environment } = world.server.environment;
    const other = await startServer({
      databaseUrl: world.database.url,
      settings: {
        ...environment,
        CURFEW_AUTH_PORT: String(await freePort()),
        CURFEW_METRICS_PORT: String(secondPort),
        CURFEW_DATABASE_IDLE_TIMEOUT: '1s',
      },
    });
    const series = 'curfew_refreshes_total{outcome="rotated"}';
    const rotated = async () => figure(await scrape(), series) + figure(await scrape(secondPort), series);
    const before = await rotated();
    expect((await world.refresh(client, body.refresh_token)).status).toBe(200);
    await minuteLater();
    await until(async () => (await rotated()) > before);
    expect(await rotated()).toBe(before + 1);
    // A pool gives back what it does not need: with the connection that listens, a node at rest holds eight at most.
    const open = (text: string) =>
      ['hot', 'main', 'sign-in'].reduce(
        (sum, pool) => sum + figure(text, `curfew_database_pool{pool="${pool}",state="open"}`),
        1,
      );
    await until(async () => open(await scrape(secondPort)) <= 8);
    expect(open(await scrape(secondPort))).toBeGreaterThan(1);
    await other.stop();
  });
});

/** Posts a form as the client `web` to one node, under the host of the issuer. */
const askAt = (port: number, path: string, form: string) =>
  new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    const headers = {
      ...asHeader(world.clients.web),
      host: new URL(world.issuer).host,
      'content-type': 'application/x-www-form-urlencoded',
    };
    const asked = request({ host: '127.0.0.1', port, path, method: 'POST', headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode, text }));
    });
    asked.on('error', reject).end(form);
  });

describe('traces', () => {
  it('are sent where the variables of OpenTelemetry say, with route and status and nothing a caller wrote', async () => {
    const collector = await startReceiver();
    collector.behave(200);
    const { CURFEW_DEV_FILE: _, ...environment } = world.server.environment;
    const traced = await startServer({
      databaseUrl: world.database.url,
      settings: {
        ...environment,
        CURFEW_AUTH_PORT: String(await freePort()),
        CURFEW_METRICS_PORT: '0',
        OTEL_EXPORTER_OTLP_ENDPOINT: new URL('/', collector.url).href.slice(0, -1),
        OTEL_BSP_SCHEDULE_DELAY: '100',
      },
    });
    const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: kept }).toString();
    const refreshed = await askAt(traced.port, '/token', form);
    expect(refreshed.status).toBe(200);
    const given = JSON.parse(refreshed.text) as { access_token: string; refresh_token: string };
    const ask = `http://127.0.0.1:${traced.port}/jwks?secret=told-to-nobody`;
    await fetch(ask, { headers: { traceparent: `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01` } });
    await until(async () => collector.received.some(({ body }) => body.includes('GET jwks')));
    await traced.stop();
    const path = collector.received[0]?.path;
    const sent = collector.received.map(({ body }) => body).join();
    expect(path).toBe('/v1/traces');
    expect(sent).toContain('curfew-auth-server');
    expect(sent).not.toContain('told-to-nobody');
    // The statements of a request are spans within its own.
    const spans = collector.received.flatMap(({ body }) =>
      (
        JSON.parse(body) as {
          resourceSpans: {
            scopeSpans: {
              spans: { name: string; traceId: string; parentSpanId?: string; spanId: string }[];
            }[];
          }[];
        }
      ).resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)),
    );
    const token = spans.find(({ name }) => name === 'POST token');
    const statements = spans.filter(({ parentSpanId }) => parentSpanId === token?.spanId);
    expect(statements.length).toBeGreaterThanOrEqual(2);
    expect(sent).toContain('"db.operation.name"');
    for (const secret of [kept, given.refresh_token, given.access_token, 'FROM session', 'db.query.text'])
      expect(sent).not.toContain(secret);
    // Nobody in front is trusted here, so nobody decides which trace a request belongs to.
    expect(sent).not.toContain('abababab');
    await collector.close();
  });
});

describe('traces of the admin API', () => {
  it('name operations by their paths in the document, and tell nothing else of them', async () => {
    const collector = await startReceiver();
    collector.behave(200);
    const { CURFEW_DEV_FILE: _, ...environment } = world.server.environment;
    const adminPort = String(await freePort());
    const admin = await startServer({
      databaseUrl: world.database.url,
      main: 'apps/admin-api/dist/main.js',
      listensAt: { portSetting: 'CURFEW_ADMIN_PORT', urlSetting: 'CURFEW_ADMIN_URL' },
      settings: {
        ...environment,
        CURFEW_METRICS_PORT: '0',
        CURFEW_ADMIN_PORT: adminPort,
        CURFEW_ADMIN_URL: `http://localhost:${adminPort}`,
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: new URL('/v1/traces', collector.url).href,
        OTEL_BSP_SCHEDULE_DELAY: '100',
      },
    });
    // Prometheus knows it by another name than operators do.
    const byAddress = async (path: string) => (await fetch(`http://127.0.0.1:${adminPort}${path}`)).status;
    expect([await byAddress('/metrics'), await byAddress('/v1/openapi.json')]).toEqual([200, 421]);
    const headers = { authorization: 'Bearer cfw_at_told-to-nobody' };
    await fetch(`${admin.issuer}/v1/sessions/told-to-nobody?note=told-to-nobody`, { headers });
    await fetch(`${admin.issuer}/v1/nothing-told-to-nobody`);
    await until(async () => collector.received.some(({ body }) => body.includes('GET unknown')));
    await admin.stop();
    const sent = collector.received.map(({ body }) => body).join();
    expect(sent).toContain('curfew-admin-api');
    expect(sent).toContain('GET /v1/sessions/{id}');
    expect(sent).not.toContain('told-to-nobody');
    await collector.close();
  });
});

describe('an attack', () => {
  it('with tokens that were never issued is raised as an event and counted', async () => {
    for (let n = 0; n < 25; n += 1) await world.refresh(world.clients.web, `cfw_rt_${'A'.repeat(80)}${n}`);
    await until(async () =>
      /curfew_alerts_total\{pattern="unknown_token_spray",severity="medium"\} [1-9]/.test(await scrape()),
    );
    const [alert] = await world.database.query<{ data: Record<string, unknown> }>(
      `SELECT data FROM event WHERE type = 'alert.raised' AND data ->> 'pattern' = 'unknown_token_spray'`,
    );
    expect(alert!.data).toMatchObject({
      pattern: 'unknown_token_spray',
      threshold: 20,
      window: 300,
      subjects: [world.clients.web.id, '127.0.0.1'],
    });
  });
});

describe('the dashboard and the alert rules', () => {
  const dashboard = JSON.parse(readFileSync('deploy/grafana/curfew.json', 'utf8')) as {
    panels: { targets?: { expr: string }[] }[];
  };
  const rules = parse(readFileSync('deploy/prometheus/curfew.rules.yml', 'utf8')) as {
    groups: {
      rules: {
        expr: string;
        record?: string;
        alert?: string;
        for?: string;
        annotations?: { summary?: string };
      }[];
    }[];
  };
  const all = rules.groups.flatMap((group) => group.rules);
  const expressions = [
    ...all.map(({ expr }) => expr),
    ...dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
  ];
  const named = [
    ...new Set(expressions.flatMap((text) => text.match(/\b(?:curfew|nodejs|process)_[a-z0-9_]+/g) ?? [])),
  ];

  it('name only metrics that exist', async () => {
    const kinds = new Set([...(await scrape()).matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name!));
    // Figures of the admin API and of the gateway; their tests pin the names.
    for (const name of [
      'curfew_gateway_following',
      'curfew_sessions_live',
      'curfew_reuse_ends_last_day',
      'curfew_after_timeout',
      'curfew_cut_while_working_ratio',
      'curfew_drop_off_ratio',
      'curfew_exposure_hours_per_day',
    ])
      kinds.add(name);
    expect(named.length).toBeGreaterThan(15);
    expect(named.filter((name) => !kinds.has(name.replace(/_(bucket|sum|count)$/, '')))).toEqual([]);
  });

  it('use recorded rules only where they are recorded, and say what each alert means', () => {
    const recorded = new Set(all.flatMap(({ record }) => record ?? []));
    const used = expressions.flatMap((text) => text.match(/\bcurfew:[a-z0-9_:]+/g) ?? []);
    expect(used.filter((name) => !recorded.has(name))).toEqual([]);
    for (const { alert, annotations } of all) if (alert) expect(annotations?.summary).toMatch(/\.$/);
  });

  const scraping = parse(readFileSync('deploy/prometheus/prometheus.yml', 'utf8')) as {
    global: { scrape_interval: string };
    scrape_configs: { job_name: string }[];
  };
  const secondsOf = (text: string): number =>
    Number.parseInt(text, 10) * { s: 1, m: 60, h: 3_600 }[text.at(-1) as 's' | 'm' | 'h'];

  it('that wait do so for two scrapes at least, so that a single sample raises none', () => {
    const least = 2 * secondsOf(scraping.global.scrape_interval);
    const waiting = all.filter((rule) => rule.for !== undefined);
    expect(waiting.length).toBeGreaterThan(10);
    expect(waiting.filter((rule) => secondsOf(rule.for!) < least).map(({ alert }) => alert)).toEqual([]);
  });

  it('name a node that is not scraped, while others are', () => {
    const { expr } = all.find(({ alert }) => alert === 'CurfewNotScraped')!;
    const jobs = scraping.scrape_configs.map(({ job_name: job }) => job);
    expect(jobs).toContain(/\bup\{job="([\w-]+)"\} == 0/.exec(expr)?.[1]);
  });

  it('know no label value that does not exist', () => {
    const values = expressions.flatMap((text) =>
      [...text.matchAll(/pattern="([a-z_]+)"/g)].map(([, value]) => value!),
    );
    expect(values.filter((value) => !alertPatterns.some((pattern) => pattern === value))).toEqual([]);
  });
});
