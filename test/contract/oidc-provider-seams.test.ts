import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Configuration, interactionPolicy, type Provider } from 'oidc-provider';
import ts from 'typescript';
import { filesBelow, isProduct, nodesIn } from '../support/sources.js';
import { CLIENTS, REDIRECT_URI, type RunningProvider, startProvider } from './oidc-provider-under-test.js';

const page = readFileSync(join(process.cwd(), 'libs/oidc/README.md'), 'utf8');

interface Seam {
  readonly what: string;
  /** Places by file, with how often each reaches past what the library declares. */
  readonly places: Readonly<Record<string, number>>;
  readonly pins: readonly (readonly [file: string, title: string])[];
}

/** The seams as the page lists them, one row each. */
const seams: readonly Seam[] = page
  .split('\n')
  .filter((line) => /^\| \d+ /.test(line))
  .map((line) => {
    const [, , what = '', where = '', , pinned = ''] = line.split('|').map((cell) => cell.trim());
    const places = [...where.matchAll(/`([^`]+)`(?: × (\d+))?/g)].map(
      ([, file, times]) => [`libs/oidc/src/${file}`, Number(times ?? 0)] as const,
    );
    const pins = [...pinned.matchAll(/`([^`]+)` — “([^”]+)”/g)].map(
      ([, file, title]) => [file!, title!] as const,
    );
    return { what, places: Object.fromEntries(places), pins };
  });

const isLiteral = (type: ts.TypeNode): boolean =>
  ts.isTypeLiteralNode(type) ||
  ((ts.isIntersectionTypeNode(type) || ts.isUnionTypeNode(type)) && type.types.some(isLiteral));

/** A type that the author says is another: the library does not declare what is used. */
const isCast = (node: ts.Node): boolean =>
  ts.isAsExpression(node) &&
  !/^JSON\.parse\(/.test(node.expression.getText()) &&
  (node.type.kind === ts.SyntaxKind.UnknownKeyword ||
    node.type.kind === ts.SyntaxKind.NeverKeyword ||
    isLiteral(node.type));

/** A method that is replaced, or a property that is written from outside. */
const isPatch = (node: ts.Node): boolean => {
  if (ts.isCallExpression(node)) return /^Object\.(assign|definePropert)/.test(node.expression.getText());
  if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== ts.SyntaxKind.EqualsToken) return false;
  return (
    ts.isPropertyAccessExpression(node.left) && /\b(prototype|cookies)$/.test(node.left.expression.getText())
  );
};

const isDeepImport = (node: ts.Node): boolean =>
  ts.isStringLiteral(node) && /^oidc-provider\//.test(node.text);

const found = (): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {};
  const product = filesBelow('libs/oidc').filter(isProduct);
  for (const node of nodesIn(product, (one) => isCast(one) || isPatch(one) || isDeepImport(one))) {
    const { fileName } = node.getSourceFile();
    counts[fileName] = (counts[fileName] ?? 0) + 1;
  }
  return counts;
};

describe('the seams of oidc-provider', () => {
  it('are at most fifteen, each with its reason and a test that fails where the library changes', () => {
    expect(seams.length).toBeGreaterThan(10);
    expect(seams.length).toBeLessThanOrEqual(15);
    expect(seams.filter(({ places, pins }) => Object.keys(places).length === 0 || pins.length === 0)).toEqual(
      [],
    );
  });

  it('are all of what the code does beyond what the library declares', () => {
    const listed: Record<string, number> = {};
    for (const { places } of seams)
      for (const [file, times] of Object.entries(places)) listed[file] = (listed[file] ?? 0) + times;
    const counted = Object.fromEntries(Object.entries(listed).filter(([, times]) => times > 0));
    expect(found()).toEqual(counted);
  });

  it.each(seams.flatMap(({ what, pins }) => pins.map(([file, title]) => ({ what, file, title }))))(
    'are pinned by tests that exist: $what',
    ({ file, title }) => {
      expect(readFileSync(join(process.cwd(), file), 'utf8')).toContain(title);
    },
  );
});

type Handler = (provider: Provider, request: IncomingMessage, response: ServerResponse) => Promise<unknown>;

/** Answers one request by hand, in front of a running provider. */
async function byHand(running: RunningProvider, handler: Handler, init: RequestInit = {}): Promise<Response> {
  const server = createServer((request, response) => {
    handler(running.provider, request, response).then(
      () => response.writableEnded || response.end(),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    return await fetch(`http://127.0.0.1:${port}/request`, init);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const pushedRequest = {
  client_id: 'spa',
  response_type: 'code',
  scope: 'openid',
  redirect_uri: REDIRECT_URI,
  code_challenge: 'c'.repeat(43),
  code_challenge_method: 'S256',
};

/** Keeps every cookie but the one that says which interaction a browser goes on from. */
class ForgetfulJar extends Map<string, string> {
  override set(name: string, value: string): this {
    return name.startsWith('_interaction_resume') ? this : super.set(name, value);
  }
}

describe('oidc-provider, what is used beyond its types', () => {
  let running: RunningProvider;
  afterEach(() => running.close());

  it('reads a body that was read before from the members readable and iterator of the request', async () => {
    running = await startProvider();
    const form = Buffer.from(new URLSearchParams(pushedRequest).toString());
    const response = await byHand(
      running,
      async (provider, request, answer) => {
        for await (const _ of request);
        request.headers['content-length'] = String(form.length);
        request.headers['content-type'] = 'application/x-www-form-urlencoded';
        Object.defineProperties(request, { readable: { value: true }, iterator: { value: () => [form] } });
        await provider.callback()(request, answer);
      },
      { method: 'POST', body: 'another body' },
    );
    expect(response.status).toBe(201);
  });

  it('reads the cookie of the interaction that it resumes through ctx.cookies.get, by the name of cookieName', async () => {
    running = await startProvider();
    await expect(running.authorize({}, new ForgetfulJar())).rejects.toThrow(/400/);
    await running.close();
    running = await startProvider({}, (provider) =>
      provider.use((ctx, next) => {
        const [, uid] = /^\/auth\/(.+)$/.exec(ctx.path) ?? [];
        const name = (provider as Provider & { cookieName(kind: string): string }).cookieName('resume');
        const { cookies } = ctx;
        const get = cookies.get.bind(cookies);
        if (uid) cookies.get = (asked, options) => (asked === name ? uid : get(asked, options));
        return next();
      }),
    );
    const { code } = await running.authorize({}, new ForgetfulJar());
    expect(code).not.toBe('');
  });

  it('goes on with an interaction at the url of the request, whatever was asked before', async () => {
    running = await startProvider();
    const response = await byHand(running, async (provider, request, answer) => {
      Object.assign(request, { method: 'GET', url: '/jwks', originalUrl: '/prefix/jwks' });
      await provider.callback()(request, answer);
    });
    expect(await response.json()).toHaveProperty('keys');
  });

  it('has a session of the browser with an id to renew, a person to sign in and a way to be saved', async () => {
    running = await startProvider();
    const response = await byHand(running, async (provider, request, answer) => {
      const context = provider.createContext(request, answer);
      // biome-ignore lint/suspicious/noExplicitAny: undeclared members are what this test is about
      const session: any = await provider.Session.get(context as never);
      const before = { id: session.id, uid: session.uid };
      session.resetIdentifier();
      session.loginAccount({ accountId: 'alice', amr: ['pwd'], transient: false });
      await session.save(60);
      const { id, uid, oldId, accountId, amr } = session;
      // biome-ignore lint/suspicious/noExplicitAny: as above
      const cookie = (provider as any).cookieName('session');
      answer.end(JSON.stringify({ before, id, uid, oldId, accountId, amr, cookie }));
    });
    // biome-ignore lint/suspicious/noExplicitAny: as above
    const { before, ...after }: any = await response.json();
    expect(after).toMatchObject({ oldId: before.id, uid: before.uid, accountId: 'alice', amr: ['pwd'] });
    expect(after.id).not.toBe(before.id);
    expect(after.cookie).toBe('_session');
    expect(running.store.rows.get(`Session:${after.id}`)).toMatchObject({
      accountId: 'alice',
      uid: after.uid,
    });
  });

  it('submits a form by a page of its own, with this title and these fields', async () => {
    running = await startProvider();
    const shown = await running.authorize({ response_mode: 'form_post' }).then(String, String);
    expect(shown).toContain('<title>Submitting Callback</title>');
    expect(shown).toContain(`<form method="post" action="${REDIRECT_URI}">`);
    expect(shown).toMatch(/<input type="hidden" name="code" value="[^"]+"\/>/);
  });

  it('keeps what a sign-out is for in the state of the session', async () => {
    const states: unknown[] = [];
    const out = `${REDIRECT_URI}/out`;
    running = await startProvider({
      clients: [{ ...CLIENTS[0]!, post_logout_redirect_uris: [out] }],
      features: {
        rpInitiatedLogout: {
          enabled: true,
          logoutSource: async (ctx) => {
            states.push((ctx.oidc.session as { state?: unknown } | undefined)?.state);
            ctx.body = 'asked';
          },
        },
      },
    });
    const jar = new Map<string, string>();
    await running.authorize({}, jar);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const query = new URLSearchParams({ client_id: 'web', post_logout_redirect_uri: out });
    await fetch(`${running.url}/session/end?${query}`, { headers: { cookie } });
    expect(states).toEqual([
      expect.objectContaining({ clientId: 'web', postLogoutRedirectUri: out, secret: expect.any(String) }),
    ]);
  });

  it('adds what the details of the consent prompt answer to what is missing, and keeps both in the interaction', async () => {
    const policy = interactionPolicy.base();
    Object.assign(policy.get('consent')!, { details: () => ({ ours: true }) });
    const kept: unknown[] = [];
    const url: NonNullable<Configuration['interactions']>['url'] = (_ctx, { uid, prompt, session }) => {
      kept.push({ name: prompt.name, details: prompt.details, uid: session?.uid });
      return `/interaction/${uid}`;
    };
    running = await startProvider({ interactions: { policy, url } });
    await running.authorize();
    expect(kept.at(-1)).toEqual({
      name: 'consent',
      details: expect.objectContaining({ ours: true, missingOIDCScope: expect.arrayContaining(['openid']) }),
      uid: expect.any(String),
    });
    const stored = running.store.calls.filter(({ model }) => model === 'Interaction').length;
    expect(stored).toBeGreaterThan(0);
  });

  it('asks the validator of an extra parameter in every request that asks for access, and takes what it sets', async () => {
    const routes: string[] = [];
    running = await startProvider({
      extraParams: {
        scope: async (ctx) => {
          routes.push(ctx.oidc.route);
          if (ctx.oidc.params) ctx.oidc.params['scope'] ??= 'openid';
        },
      },
      features: { deviceFlow: { enabled: true } },
      clients: [
        {
          ...CLIENTS[2]!,
          grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'],
        },
      ],
    });
    expect((await running.post('/request', { ...pushedRequest, scope: '' })).status).toBe(201);
    expect((await running.post('/device/auth', { client_id: 'spa' })).status).toBe(200);
    expect(routes).toEqual(['pushed_authorization_request', 'device_authorization']);
  });
});
