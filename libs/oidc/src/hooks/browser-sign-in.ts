import { earliest, type Instant, latest, type SessionPolicy, seconds } from '@curfew/session-policy';
import {
  type BrowserSession,
  type BrowserSignInDecision,
  decideBrowserSignIn,
  signedInBrowser,
} from '@curfew/session-policy/browser-sign-in';
import type { SessionService } from '@curfew/sessions';
import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';
import { currentScope } from '../request-scope.js';
import { boundOf, goingOn } from '../storage/upstream-bound.js';

/** The name under which the library tells the pages of it, and the reason it gives a client that asked for no page. */
export const proofRequired = 'proof_required';

/**
 * A check for the prompt that asks for a sign-in: the policy in force for what is asked decides whether the sign-in of this browser may
 * answer. If it may not, the person is asked to sign in, or a client that wanted no page gets `login_required`.
 */
export function limitsOfSignIn(sessions: SessionService): interactionPolicy.Check {
  const { Check } = interactionPolicy;
  return new Check(
    proofRequired,
    'End-User authentication is required once more',
    'login_required',
    async (ctx) => ((await mayAnswer(ctx, sessions)) ? Check.NO_NEED_TO_PROMPT : Check.REQUEST_PROMPT),
  );
}

/** True also where nobody is signed in: that is for the library's own check to say. */
async function mayAnswer(ctx: KoaContextWithOIDC, sessions: SessionService): Promise<boolean> {
  const { client, params, resourceServers, session } = ctx.oidc;
  const { now } = currentScope();
  if (!client) return true;
  const resources = Object.keys(resourceServers ?? {});
  // In a canary the account's own arm decides: else a browser would answer without a page what its session may not go on with.
  const policy = await sessions.policyFor(client.clientId, resources, session?.accountId);
  const known = browserOf(ctx, policy);
  if (!known) return true;
  const maxAge = params?.['max_age'];
  const asked = {
    clientId: client.clientId,
    maxAge: maxAge === undefined ? null : seconds(Number(maxAge)),
    isProved: known.isProved,
  };
  return allows(decideBrowserSignIn(known.browser, policy, asked, now));
}

const allows = ({ kind }: BrowserSignInDecision): boolean => kind === 'answer';

/**
 * The sign-in of the browser as this request leaves it: as its row has it, or begun anew where the person has proved who they are in the
 * interaction that led here.
 */
function browserOf(
  ctx: KoaContextWithOIDC,
  policy: SessionPolicy,
): { readonly browser: BrowserSession; readonly isProved: boolean } | null {
  const { session, result } = ctx.oidc;
  if (!session?.accountId) return null;
  const { uid, accountId } = session;
  const found = currentScope().staged.foundBrowserSession(uid);
  const row = found?.payload.accountId === accountId ? found.signIn : null;
  const login = result?.login as { accountId: string; atMs?: Instant; seenMs?: Instant } | undefined;
  const provedAt = login?.accountId === accountId ? login.atMs : undefined;
  if (provedAt === undefined) return row && { browser: row, isProved: false };
  const signIn = { accountId, loginTs: session.authTime() };
  const notAfter = boundOf(uid, signIn);
  const previous = goingOn(uid, signIn)?.signIn;
  if (previous) {
    const { absoluteDeadline } = previous;
    const browser = {
      ...previous,
      absoluteDeadline: earliest(absoluteDeadline, notAfter ?? absoluteDeadline),
    };
    return { browser, isProved: true };
  }
  const begun = signedInBrowser(policy, provedAt, notAfter);
  // A proof that was given elsewhere may be hours old; the person who brought it is here.
  const seenAt = login?.seenMs ?? provedAt;
  const lastActiveAt = latest(seenAt, row?.lastActiveAt ?? seenAt);
  return { browser: { ...begun, lastActiveAt }, isProved: true };
}
