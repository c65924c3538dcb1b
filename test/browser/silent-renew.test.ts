import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { endReasonEntry, endReasons } from '@curfew/session-policy';
import type { Browser, Page } from 'playwright-core';
import { clocksFor, endForReason } from '../e2e/end-for-reason.js';
import { EngineWorld, orders } from '../e2e/engine-world.js';
import type { Person } from '../support/person.js';
import { launchChromium, openWindow } from './chromium.js';

let world: EngineWorld;
let browser: Browser;
let application: Server;

/** A page that renews by an iframe with `prompt=none`. It keeps no refresh token, so nothing else can renew it. */
const pageOf = (
  clientId: string,
): string => `<!doctype html><html lang="en"><title>Application</title><h1>Not asked yet</h1>
<script src="/oidc-client-ts.js"></script>
<script>
  const users = new oidc.UserManager({
    authority: ${JSON.stringify(world.issuer)}, client_id: ${JSON.stringify(clientId)},
    redirect_uri: location.origin + '/callback', silent_redirect_uri: location.origin + '/callback',
    scope: 'openid orders:read', resource: ${JSON.stringify(orders)},
  });
  const show = (text) => { document.querySelector('h1').textContent = text; return text; };
  const renew = async () => {
    await users.removeUser();
    return users.signinSilent().then(() => show('Signed in'), (error) => show('Signed out: ' + (error.error ?? error)));
  };
</script>`;

const callbackPage = `<!doctype html><html lang="en"><title>Back</title>
<script src="/oidc-client-ts.js"></script>
<script>new oidc.UserManager({ authority: 'none', client_id: 'none', redirect_uri: 'none' }).signinSilentCallback();</script>`;

/** The script as the package ships it for a page without a bundler. */
const shipped = () => readFileSync('node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js');

beforeAll(async () => {
  world = await EngineWorld.start({ nodes: 1 });
  browser = await launchChromium();
  const script = shipped();
  application = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url!, 'http://localhost');
    const isScript = pathname === '/oidc-client-ts.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html; charset=utf-8');
    if (isScript) response.end(script);
    else response.end(pathname === '/callback' ? callbackPage : pageOf(searchParams.get('client') ?? ''));
  });
  await new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve));
}, 90_000);
afterAll(async () => {
  await browser?.close();
  application?.closeAllConnections();
  application?.close();
  await world?.stop();
});

/** The origin of the application is at the host of the issuer, so that the cookie of the sign-in goes along in a frame (SameSite=Lax). */
const origin = (): string =>
  `http://${new URL(world.issuer).hostname}:${(application.address() as AddressInfo).port}`;

/** A window of Chromium with the cookies this person has at the authorization server. */
async function windowOf(person: Person) {
  const window = await openWindow(browser, { javaScriptEnabled: true });
  const cookies = person
    .cookieFor('/')
    .split('; ')
    .map((pair) => {
      const [name = '', ...value] = pair.split('=');
      return { name, value: value.join('='), url: world.issuer };
    });
  await window.page.context().addCookies(cookies);
  return window;
}

const renew = (page: Page): Promise<string> => page.evaluate('renew()');

it.each(endReasons)(
  'a silent renewal in a frame after an end for the reason %s',
  async (reason) => {
    const redirectUri = `${origin()}/callback`;
    const client = await world.client(
      { token_endpoint_auth_method: 'none', redirect_uris: [world.callback, redirectUri] },
      clocksFor(reason),
    );
    const person = world.stranger(1);
    const { sid } = await world.signIn(client, { person });
    const { page, close } = await windowOf(person);
    await page.goto(`${origin()}/?client=${client.id}`);
    expect(await renew(page)).toBe('Signed in');
    await world.pass(1);
    await endForReason(world, reason, { client, sid, person });
    const outcome =
      endReasonEntry(reason).silentReturn === 'allowed' ? 'Signed in' : 'Signed out: login_required';
    expect(await renew(page)).toBe(outcome);
    expect(await page.textContent('h1')).toBe(outcome);
    await close();
  },
  60_000,
);
