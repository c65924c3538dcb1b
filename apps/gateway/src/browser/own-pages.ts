import type { IncomingMessage, ServerResponse } from 'node:http';
import { stylesheet, stylesheetPath } from '@curfew/pages';
import { answerRefusal, type TokenFacts, type Verifier } from '@curfew/resource-server';
import { type AskedRequest, readAsked, readBody } from '@curfew/web';
import type { DecisionMaker } from '../decision.js';
import { ownRefusal } from '../own-refusal.js';
import { certificateOf } from '../proxied-request.js';
import type { GatewayRules } from '../routes/rules.js';
import { isOwnPath, ownFolder, ownPaths } from './browser-client.js';
import type { BrowserMode } from './browser-mode.js';
import { type OwnPage, sendOwnPage } from './own-page.js';
import { isForgeable, isNavigation } from './page-requests.js';
import { decideRequest } from './person-request.js';
import { statedReturn } from './return-address.js';

/** The dependencies of the gateway's own pages at a host. */
export interface OwnPagesParts {
  readonly rules: GatewayRules;
  readonly browser: BrowserMode;
  readonly verifier: Verifier;
  readonly decisions: DecisionMaker;
}

/** Bytes of a logout token's form. */
const maxFormBytes = 16 * 1024;
const noStore = { 'Cache-Control': 'no-store' };

/** Answers what lies below `/.curfew/` at a host where people are signed in. */
export async function answerOwnPage(
  request: IncomingMessage,
  response: ServerResponse,
  asked: AskedRequest,
  parts: OwnPagesParts,
): Promise<void> {
  switch (`${request.method} ${asked.path}`) {
    case `GET ${ownPaths.callback}`:
      return comeBack(request, response, asked, parts);
    // RFC 9110 §9.3.2: a page that was asked for with HEAD leads here, too.
    case `HEAD ${ownPaths.signIn}`:
    case `GET ${ownPaths.signIn}`:
      return beginSignIn(request, response, asked, parts);
    case `GET ${ownPaths.session}`:
      return tellSession(request, response, asked, parts);
    case `POST ${ownPaths.signOut}`:
      return signOut(request, response, asked, parts);
    case `POST ${ownPaths.backchannelLogout}`:
      return logOut(request, response, parts);
    case `GET ${ownFolder}${stylesheetPath}`:
      return sendStylesheet(response);
    default:
      response.writeHead(404, noStore).end();
  }
}

/**
 * A person whom another proxy leads here begins to sign in. The request for the page they want is decided on anew, so that no parameter
 * says which authentication it takes; they go on to it if it may pass by now. That page is always one of this host with this sign-in.
 */
async function beginSignIn(
  request: IncomingMessage,
  response: ServerResponse,
  asked: AskedRequest,
  { rules, browser, decisions }: OwnPagesParts,
): Promise<void> {
  const { scheme, host, query } = asked;
  const page = readAsked({ method: 'GET', scheme, host, target: statedReturn(query) });
  const isOurs = typeof page !== 'string' && !isOwnPath(page.path) && decisions.browserOf(page) === browser;
  if (!isOurs) return sendOwnPage(request, response, { kind: 'unknown', next: '/' });
  const asking = { message: request, certificate: certificateOf(request, rules) };
  const decision = await decideRequest(page, asking, decisions);
  if (decision.kind === 'redirect')
    return redirect(response, decision.redirect.location, decision.redirect.cookies);
  if (decision.kind === 'allowed')
    return redirect(response, `${scheme}://${host}${page.path}${page.query}`, decision.cookies);
  const { refusal, cookies } = decision;
  // The sign-in before this one was for the same demand, and did not meet it.
  if (refusal.acrValues !== undefined && isNavigation(request, page))
    return sendOwnPage(request, response, secondStepTo(rules, `${page.path}${page.query}`, cookies));
  if (cookies.length > 0) response.setHeader('Set-Cookie', [...cookies]);
  answerRefusal(response, ownRefusal(refusal, request, rules.forwarded.proxies));
}

/** The page for a person whose account has no second step, and who wants to go where one is needed. */
const secondStepTo = ({ issuer }: GatewayRules, next: string, cookies: readonly string[]): OwnPage => ({
  kind: 'second_step',
  next,
  cookies,
  first: `${issuer}/second-step`,
});

/** The person comes back from signing in. */
async function comeBack(
  request: IncomingMessage,
  response: ServerResponse,
  asked: AskedRequest,
  { rules, browser }: OwnPagesParts,
): Promise<void> {
  const [returned, cookies] = browser.signIn.end(request, asked);
  if (returned.kind === 'unknown') return sendOwnPage(request, response, { kind: 'unknown', next: '/' });
  if (returned.kind === 'refused') {
    const { lacksSecondStep, returnTo: next } = returned;
    return sendOwnPage(
      request,
      response,
      lacksSecondStep ? secondStepTo(rules, next, cookies) : { kind: 'refused', next, cookies },
    );
  }
  const outcome = await browser.redeem(returned, asked);
  if (outcome.kind !== 'tokens') {
    const kind = outcome.kind === 'refused' ? 'code_refused' : 'unavailable';
    return sendOwnPage(request, response, { kind, next: returned.returnTo, cookies });
  }
  redirect(response, returned.returnTo, [...cookies, browser.keep(outcome.tokens, asked)]);
}

/** Tells scripts how long the session lasts, without counting as activity, so that they can warn before the idle end. */
async function tellSession(
  request: IncomingMessage,
  response: ServerResponse,
  asked: AskedRequest,
  { rules, browser, verifier }: OwnPagesParts,
): Promise<void> {
  const tokens = browser.read(request, asked);
  const headers = { authorization: `Bearer ${tokens?.accessToken ?? ''}` };
  const verdict = tokens ? await verifier.verify({ headers }, { passive: true }) : undefined;
  if (verdict?.kind === 'refused' && verdict.refusal.status === 503)
    return answerRefusal(response, ownRefusal(verdict.refusal, request, rules.forwarded.proxies));
  const body = verdict?.kind === 'allowed' ? describe(verdict.facts, verifier.now) : { signed_in: false };
  response.writeHead(200, { ...noStore, 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

const describe = ({ idleDeadline, idleWarningAt, absoluteDeadline }: TokenFacts, now: number) => {
  const left = (deadline: number | undefined) =>
    deadline === undefined ? null : Math.max(0, Math.floor((deadline - now) / 1000));
  return {
    signed_in: true,
    idle_expires_in: left(idleDeadline),
    idle_warning_in: left(idleWarningAt),
    absolute_expires_in: left(absoluteDeadline),
  };
};

/** Ends the session here and at the authorization server, and lets the person end the rest there. */
async function signOut(
  request: IncomingMessage,
  response: ServerResponse,
  asked: AskedRequest,
  { rules: { issuer }, browser }: OwnPagesParts,
): Promise<void> {
  if (isForgeable(request, asked)) return sendOwnPage(request, response, { kind: 'forgeable', next: '/' });
  const tokens = browser.read(request, asked);
  const ended = !tokens || (await browser.tokens.revoke(tokens.refreshToken ?? tokens.accessToken));
  // Nobody is told that they are signed out while their session lives on.
  if (!ended) return sendOwnPage(request, response, { kind: 'sign_out_failed', next: '/' });
  const address = new URL(`${issuer}/logout`);
  address.search = new URLSearchParams({
    client_id: browser.client.clientId,
    post_logout_redirect_uri: `${asked.scheme}://${asked.host}${browser.client.afterSignOut}`,
  }).toString();
  redirect(response, address.href, [browser.forget(asked)]);
}

/** OpenID Connect Back-Channel Logout §2.8: 200 when it is done, 400 for what is no logout token for us. */
async function logOut(
  request: IncomingMessage,
  response: ServerResponse,
  { browser, verifier }: OwnPagesParts,
): Promise<void> {
  const body = await readBody(request, maxFormBytes);
  const token = new URLSearchParams(body?.toString('utf8')).get('logout_token') ?? '';
  const done = body !== undefined && (await verifier.logOut(token, browser.client.clientId));
  response.writeHead(done ? 200 : 400, { ...noStore, 'Content-Type': 'application/json' });
  response.end(done ? '{}' : '{"error":"invalid_request"}');
}

/** RFC 9110 §15.4.4: a GET follows, whatever was sent. */
export function redirect(response: ServerResponse, location: string, cookies: readonly string[]): void {
  response.writeHead(303, {
    ...noStore,
    Location: location,
    ...(cookies.length > 0 ? { 'Set-Cookie': [...cookies] } : {}),
  });
  response.end();
}

/** The stylesheet of the pages, under a name that changes with its content: it may be cached for ever (RFC 8246). */
function sendStylesheet(response: ServerResponse): void {
  response.writeHead(200, {
    'Content-Type': 'text/css; charset=utf-8',
    'Cache-Control': 'public, max-age=31536000, immutable',
    'X-Content-Type-Options': 'nosniff',
    'Cross-Origin-Resource-Policy': 'same-origin',
  });
  response.end(stylesheet);
}
