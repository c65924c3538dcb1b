import { type GeneratedRequest, listeners } from './generated-requests.js';
import { describeOutcome, ListenersWorld } from './generated-world.js';
import { marker, markupFaults } from './hostile-world.js';

let world: ListenersWorld;
beforeAll(async () => {
  world = await ListenersWorld.start();
}, 60_000);
afterAll(() => world?.stop());

describe('a look for what was sent in a page', () => {
  it.each([
    `<p>${marker}</p>`,
    `<input name="user_code" value="${marker}">`,
    `<input value='x${marker}' disabled>`,
    `<a href="/device?user_code=${marker}">on</a>`,
    `<!doctype html><title>${marker}</title><script>let a = 1 < 2;</script>`,
    `&lt;${marker}&gt; &quot;${marker}`,
  ])('lets pass what is text or the value of an attribute: %s', (page) => {
    expect(markupFaults(page)).toEqual([]);
  });

  it.each([
    `<${marker}>`,
    `<p><${marker} x="y"></p>`,
    `<input value="" ${marker}="">`,
    `<input value=${marker}>`,
    `<input value=""'><${marker}>">`,
    `<p onclick="${marker}">`,
    `<a href="javascript:${marker}">on</a>`,
    `<a href=" JavaScript:${marker}">on</a>`,
    `<script>let a = "${marker}";</script>`,
    `<style>${marker}</style>`,
    `<!-- ${marker} -->`,
    `<p>< ${marker}</p>`,
    `<a href="x"${marker}>`,
  ])('finds what is more: %s', (page) => {
    expect(markupFaults(page)).not.toEqual([]);
  });
});

type Counterexample = Pick<GeneratedRequest, 'listener' | 'path'> &
  Partial<GeneratedRequest> & { readonly mayAct?: boolean; readonly status?: number };
/** Requests that once showed a fault, or stand for a kind that others showed. */
const counterexamples: readonly Counterexample[] = [
  { listener: 'auth', path: '/device?user_code=zq7marker', headers: { accept: 'text/html' } },
  { listener: 'auth', path: '/device?user_code=%22%3E%3Czq7marker%3E', headers: { accept: 'text/html' } },
  // Node answers an expectation it does not know before anybody else sees the request.
  ...listeners.map((listener) => ({ listener, path: '/', headers: { expect: marker } })),
  {
    listener: 'auth',
    path: '/token',
    method: 'POST',
    headers: { expect: `100-continue, ${marker}` },
    body: 'a=b',
  },
  // A compressed body is no form and no JSON that anybody here reads.
  ...['/authorize', '/token', '/par', '/revocation', '/sign-in', '/session-feed/acknowledgements'].map(
    (path): Counterexample => ({
      listener: 'auth',
      path,
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-encoding': 'GZIP' },
      body: `client_id=${marker}`,
      status: 415,
    }),
  ),
  // A parameter that an endpoint does not ask for is not carried into an address.
  ...['/logout', '/authorize'].map(
    (path): Counterexample => ({
      listener: 'auth',
      path,
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `client_id=x&client_secret=${marker}&client_assertion=${marker}&state=x`,
    }),
  ),
  // The address of what was created has its name in it.
  {
    listener: 'admin',
    path: '/v1/resources',
    method: 'POST',
    mayAct: true,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ audience: `javascript:${marker}`, name: 'A name', scopes: [] }),
  },
];

describe('any request at any endpoint', () => {
  it.each(counterexamples)(
    'that once was a counterexample is answered as it should be: $listener $method $path',
    async ({ listener, path, method = 'GET', headers = {}, body = null, mayAct = false, status }) => {
      const host = world.known.hosts[listener][0]!;
      const authorization = mayAct ? { authorization: world.known.credentials[listener][0]! } : {};
      const sent = { listener, path, method, headers: { host, ...authorization, ...headers }, body };
      const answered = await world.faultsAfter(sent);
      expect(answered).toMatchObject({ faults: [], ...(status && { status }) });
    },
  );

  it('is answered without a fault of ours, in the form of the place, and with nothing of it in the answer', async () => {
    const outcome = await world.tryGenerated(Number(process.env['CURFEW_FUZZ_RUNS'] ?? 1_500));
    process.stderr.write(`${describeOutcome(outcome)}\n`);
    expect(outcome.faults).toEqual([]);
    for (const listener of listeners) {
      const [before, after] = outcome.memory[listener];
      // Servers that have just started still grow; how level they stay is seen over two hundred thousand requests.
      expect([listener, after - before < 128]).toEqual([listener, true]);
    }
  }, 120_000);

  it('leaves the servers as they were', async () => {
    const { admin } = world;
    expect(admin.server.output() + admin.admin.output() + world.gateway.output()).not.toMatch(
      /"level":"error"/,
    );
    const { access_token } = await admin.signIn();
    expect((await admin.introspect(access_token)).active).toBe(true);
    expect((await admin.get('/v1/stats')).status).toBe(200);
  });
});
