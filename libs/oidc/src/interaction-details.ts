import {
  type Account,
  type ConsentedAccess,
  contextWith,
  reachableContext,
  type SecondFactor,
} from '@curfew/accounts';
import type { StagedWrites } from '@curfew/artifacts';
import type { Client } from '@curfew/clients';
import type { Instant } from '@curfew/session-policy';
import { type AuthenticationContext, reaches, strongerContext } from '@curfew/session-policy/authentication';
import type { ClientDirectory } from '@curfew/token-endpoint/client';
import type { Provider } from 'oidc-provider';
import {
  type ContextPromptDetails,
  contextAskedBy,
  contextNeeded,
  contextRequired,
} from './hooks/authentication-context.js';
import type { EnrolmentPromptDetails } from './hooks/enrolment.js';
import { givenBefore } from './hooks/interaction-policy.js';

/** The second factor that a person is asked to set up. */
export interface Enrolment {
  /** The context class that it has to prove. */
  readonly context: AuthenticationContext;
  /** Until when the person may put it off; null where nothing goes on before. */
  readonly due: Instant | null;
  /** Whether the account can prove that class by now. */
  readonly isDone: boolean;
}

/** The facts with which a page asks a person to sign in or to consent. */
export interface InteractionDetails {
  readonly uid: string;
  readonly prompt: {
    readonly name: 'login' | 'consent' | 'select_account' | 'enrolment';
    readonly reasons: readonly string[];
  };
  readonly client: {
    readonly id: string;
    readonly name: string;
    /** The address that the response is sent to; absent for a device. */
    readonly redirectUri?: string | undefined;
    /** Its registration, for the look of the pages; absent where it is gone. */
    readonly registered?: Pick<Client, 'id' | 'metadata'> | undefined;
  };
  /** Whether the answer to the page's form may take the browser to the application. */
  readonly leadsOut: boolean;
  /** The account that is signed in already, if one is. */
  readonly accountId?: string | undefined;
  readonly username?: string | undefined;
  /** Whether nothing is missing but a further factor, which that account has: together with what was proved it is enough. */
  readonly isStepUp: boolean;
  /** The second factor that the person is asked to set up, where they are. */
  readonly enrolment?: Enrolment | undefined;
  /** The kinds of second factors that this account has. */
  readonly secondFactors: readonly SecondFactor[];
  /** Whether nothing but a passkey answers the step-up. */
  readonly needsPasskey: boolean;
  /** The access that the client asks for: the part that it has not been allowed yet, and the part that it was allowed before. */
  readonly asked: { readonly missing: ConsentedAccess; readonly before: ConsentedAccess };
  /** The demands on a proof of who the person is: whether it must be a new one, and the context class to be proved. */
  readonly proofAsked: { readonly isFresh: boolean; readonly context: AuthenticationContext | null };
  readonly loginHint?: string | undefined;
  /** The languages that the client asks for, best first and separated by spaces. */
  readonly uiLocales?: string | undefined;
}

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;

/** The details of an interaction that this request has read or made. */
export async function detailsOf(
  { uid, prompt, params, session }: Interaction,
  clients: ClientDirectory,
  staged: StagedWrites,
): Promise<InteractionDetails> {
  const id = String(params['client_id']);
  const registered = await clients.find(id);
  const redirectUri = text(params['redirect_uri']);
  const account = session?.accountId === undefined ? undefined : staged.account(session.accountId);
  const isOfContext = prompt.name === 'login' && prompt.reasons.every((reason) => reason === contextRequired);
  const needed = neededBy(prompt.details) ?? null;
  const isEnough = (factors: readonly SecondFactor[]) =>
    reaches(contextWith(session?.amr ?? [], factors), needed);
  return {
    uid,
    prompt: { name: prompt.name as InteractionDetails['prompt']['name'], reasons: prompt.reasons },
    client: {
      id,
      name: registered?.name ?? id,
      registered,
      redirectUri,
    },
    leadsOut: redirectUri !== undefined,
    accountId: session?.accountId,
    username: account?.username,
    isStepUp:
      isOfContext &&
      account !== undefined &&
      account.secondFactors.length > 0 &&
      isEnough(account.secondFactors),
    enrolment: account && enrolmentOf(account, prompt.details),
    secondFactors: account?.secondFactors ?? [],
    needsPasskey: needed !== null && !isEnough(['totp']),
    proofAsked: {
      isFresh: session?.accountId !== undefined || params['max_age'] !== undefined || asksToSignIn(params),
      context: strongerContext(needed, contextAskedBy(params)),
    },
    loginHint: text(params['login_hint']),
    uiLocales: text(params['ui_locales']),
    asked: { missing: missingAccess(prompt.details), before: accessGivenBefore(prompt.details) },
  };
}

const neededBy = (details: unknown) => (details as ContextPromptDetails)[contextNeeded];

/** Whether the client asks for a sign-in whatever there is (OpenID Connect Core §3.1.2.1). */
const asksToSignIn = ({ prompt }: Readonly<Record<string, unknown>>): boolean =>
  typeof prompt === 'string' && prompt.split(' ').includes('login');

function enrolmentOf(account: Account, details: unknown): Enrolment | undefined {
  const { enrolment } = details as EnrolmentPromptDetails;
  return enrolment && { ...enrolment, isDone: reaches(reachableContext(account), enrolment.context) };
}

/** The access that is not allowed yet, from a consent prompt. */
export function missingAccess(details: unknown): ConsentedAccess {
  const { missingOIDCScope, missingOIDCClaims, missingResourceScopes } = details as {
    missingOIDCScope?: string[];
    missingOIDCClaims?: string[];
    missingResourceScopes?: Record<string, string[]>;
  };
  return {
    scopes: missingOIDCScope ?? [],
    claims: missingOIDCClaims ?? [],
    resources: missingResourceScopes ?? {},
  };
}

/** The access that was allowed before, from a consent prompt; a prompt that an older node made does not say it. */
const accessGivenBefore = (details: unknown): ConsentedAccess =>
  (details as { [givenBefore]?: ConsentedAccess })[givenBefore] ?? { scopes: [], claims: [], resources: {} };

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
