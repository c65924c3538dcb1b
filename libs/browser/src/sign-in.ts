import { CurfewError } from './curfew-error.js';
import { randomText, sha256 } from './encoding.js';
import type { Settings } from './options.js';

/** The options of a sign-in. */
export interface CurfewSignIn {
  /** The page of this origin to go on with; the present one unless given. */
  readonly returnTo?: string;
  /** OpenID Connect Core §3.1.2.1: `login`, `consent` or `select_account`. */
  readonly prompt?: string;
  /** Ask for a stronger sign-in (RFC 9470). */
  readonly acrValues?: string;
  readonly loginHint?: string;
}

/** Remembered by this tab alone from the beginning of a sign-in to its end. */
interface PendingSignIn {
  readonly verifier: string;
  readonly nonce: string;
  readonly returnTo: string;
}

/** A sign-in that came back. */
export interface ReturnedSignIn extends PendingSignIn {
  readonly state: string;
  readonly code: string;
}

const placeOf = (state: string) => `curfew sign-in ${state}`;

/** The name and the key that a sign-in has of its own. */
export interface BegunSignIn {
  readonly state: string;
  readonly thumbprint: string;
}

/** The address of a sign-in: code flow with PKCE (RFC 7636), bound to the key from the start (RFC 9449 §10). */
export async function signInAddress(
  endpoint: string,
  { clientId, redirectUri, scope, resource }: Settings,
  { returnTo = location.href, prompt, acrValues, loginHint }: CurfewSignIn,
  { state, thumbprint }: BegunSignIn,
): Promise<string> {
  const [verifier, nonce] = [randomText(), randomText()];
  const target = new URL(returnTo, location.href);
  if (target.origin !== location.origin)
    throw new CurfewError('wrong_option', `returnTo must be of ${location.origin}, not "${returnTo}"`);
  const pending: PendingSignIn = { verifier, nonce, returnTo: target.href };
  sessionStorage.setItem(placeOf(state), JSON.stringify(pending));
  const parameters = {
    client_id: clientId,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope,
    resource: resource || undefined,
    state,
    nonce,
    code_challenge: await sha256(verifier),
    code_challenge_method: 'S256',
    dpop_jkt: thumbprint,
    prompt,
    acr_values: acrValues,
    login_hint: loginHint,
  };
  const address = new URL(endpoint);
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined) address.searchParams.set(name, value);
  return address.href;
}

/** Whether this page is the redirect URI with an answer. */
export function isReturn({ redirectUri }: Settings): boolean {
  const { origin, pathname } = new URL(redirectUri);
  const answer = new URLSearchParams(location.search);
  const hasAnswer = answer.has('state') && (answer.has('code') || answer.has('error'));
  return hasAnswer && location.origin === origin && location.pathname === pathname;
}

/**
 * Takes the answer out of the address, so that no history and no other page gets the code, and checks whose it is: `state` (RFC 6749
 * §10.12) and `iss` (RFC 9207 §2.4). @throws CurfewError
 */
export function takeReturn({ issuer }: Settings): ReturnedSignIn {
  const answer = new URLSearchParams(location.search);
  const state = answer.get('state') ?? '';
  const place = placeOf(state);
  const known = sessionStorage.getItem(place);
  sessionStorage.removeItem(place);
  const pending = known === null ? undefined : (JSON.parse(known) as PendingSignIn);
  history.replaceState(null, '', pending?.returnTo ?? location.pathname);
  if (!pending) throw new CurfewError('unknown_sign_in', 'this tab did not begin that sign-in');
  if (answer.get('iss') !== issuer)
    throw new CurfewError('unexpected_answer', 'the sign-in was answered by another issuer');
  const error = answer.get('error');
  if (error) throw new CurfewError(error, answer.get('error_description') ?? 'the sign-in was refused');
  return { ...pending, state, code: answer.get('code') ?? '' };
}
