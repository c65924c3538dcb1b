import type { IncomingMessage } from 'node:http';
import type { Refusal } from '@curfew/resource-server';
import type { AskedRequest } from '@curfew/web';
import type { Allowed, Asking, Decision, DecisionMaker } from '../decision.js';
import type { BrowserMode } from './browser-mode.js';
import type { Redirect } from './sign-in.js';

/** The decision about a request in browser mode; `cookies` are set on the response in every case. */
export type PersonDecision =
  | { readonly kind: 'allowed'; readonly allowed: Allowed; readonly cookies: readonly string[] }
  | { readonly kind: 'redirect'; readonly redirect: Redirect; readonly refusal: Refusal }
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly cookies: readonly string[] };

/** How a request comes here. */
export interface Arrival {
  readonly isUpgrade?: boolean;
  /** Another proxy asks about the request, and hands the answer to the browser. */
  readonly isAsked?: boolean;
}

/** Decides about a request: in browser mode if its route has a browser client, and else by the token that it brings. */
export async function decideRequest(
  asked: AskedRequest,
  asking: Asking,
  decisions: DecisionMaker,
  arrival: Arrival = {},
): Promise<PersonDecision> {
  const browser = decisions.browserOf(asked);
  return browser && asking.message.headers.authorization === undefined
    ? decidePerson(asked, asking, browser, decisions, arrival)
    : settingNothing(await decisions.decide(asked, asking));
}

const settingNothing = (decision: Decision): PersonDecision =>
  decision.kind === 'allowed'
    ? { kind: 'allowed', allowed: decision, cookies: [] }
    : { kind: 'refused', refusal: decision.refusal, cookies: [] };

/**
 * Decides about a request of a browser: with the token in its cookie, refreshed where that helps, and by sending the
 * person to sign in where nothing else does. A request that brings a token of its own is decided on by that alone.
 */
async function decidePerson(
  asked: AskedRequest,
  asking: Asking,
  browser: BrowserMode,
  decisions: DecisionMaker,
  { isUpgrade = false, isAsked = false }: Arrival,
): Promise<PersonDecision> {
  const { message } = asking;
  // The answer to an upgrade carries no cookie to this browser that it would keep in time: nothing is refreshed there.
  const passive = isUpgrade || decisions.isPassive(asked, message);
  const found = await browser.tokenFor(message, asked, { passive, isUpgrade });
  if (found.kind === 'refused') return { ...found, cookies: [] };
  const first = await decideWith(
    found.kind === 'token' ? found.accessToken : undefined,
    asked,
    asking,
    decisions,
  );
  if (first.kind === 'allowed') return { kind: 'allowed', allowed: first, cookies: found.cookies };
  const again = passive ? undefined : await refreshed(asked, asking, browser, decisions, first.refusal);
  if (again?.kind === 'allowed') return again;
  const refusal = again?.kind === 'refused' ? again.refusal : first.refusal;
  const cookies = [...found.cookies, ...(again?.cookies ?? [])];
  return sendAway(message, asked, browser, refusal, { cookies, isAsked });
}

async function decideWith(
  accessToken: string | undefined,
  asked: AskedRequest,
  asking: Asking,
  decisions: DecisionMaker,
) {
  if (accessToken !== undefined) asking.message.headers.authorization = `Bearer ${accessToken}`;
  return decisions.decide(asked, asking);
}

/** A token may have ended before its time while its session goes on; then one refresh helps. */
async function refreshed(
  asked: AskedRequest,
  asking: Asking,
  browser: BrowserMode,
  decisions: DecisionMaker,
  refusal: Refusal,
): Promise<Exclude<PersonDecision, { kind: 'redirect' }> | undefined> {
  const refreshToken = browser.read(asking.message, asked)?.refreshToken;
  if (refusal.error !== 'invalid_token' || !refreshToken) return undefined;
  const found = await browser.refresh(refreshToken, asked);
  if (found.kind === 'refused') return { ...found, cookies: [] };
  if (found.kind === 'nobody') return { kind: 'refused', refusal, cookies: found.cookies };
  const decision = await decideWith(found.accessToken, asked, asking, decisions);
  return decision.kind === 'allowed'
    ? { kind: 'allowed', allowed: decision, cookies: found.cookies }
    : { kind: 'refused', refusal: decision.refusal, cookies: found.cookies };
}

function sendAway(
  message: IncomingMessage,
  asked: AskedRequest,
  browser: BrowserMode,
  refusal: Refusal,
  { cookies, isAsked }: { readonly cookies: readonly string[]; readonly isAsked: boolean },
): PersonDecision {
  const isInVain =
    refusal.error === 'insufficient_user_authentication' && browser.hasJustSignedIn(message, asked, refusal);
  // The page at which a sign-in begins tells a person that another one would not help.
  const mayHelp = refusal.status === 401 && (isAsked || !isInVain);
  if (!mayHelp) return { kind: 'refused', refusal, cookies };
  const redirect = isAsked
    ? browser.leadToSignIn(message, asked)
    : browser.sendToSignIn(message, asked, refusal);
  if (!redirect) return { kind: 'refused', refusal, cookies };
  return { kind: 'redirect', redirect: { ...redirect, cookies: [...cookies, ...redirect.cookies] }, refusal };
}
