import { type Account, type AccountService, reachableContext } from '@curfew/accounts';
import type { Instant } from '@curfew/session-policy';
import type { AuthenticationContext } from '@curfew/session-policy/authentication';
import { decideEnrolment, type EnrolmentDecision } from '@curfew/session-policy/enrolment';
import type { SessionService } from '@curfew/sessions';
import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';
import { currentScope } from '../request-scope.js';

/** The name of the prompt that asks a person to set up a second factor. */
export const enrolmentPrompt = 'enrolment';

/** Such a prompt asks for a class to be reached, and says until when that may be put off; null where it may not. */
export interface EnrolmentPromptDetails {
  readonly enrolment?: { readonly context: AuthenticationContext; readonly due: Instant | null } | undefined;
}

/** The parts that the prompt asks: factors of accounts, and policies. */
interface EnrolmentParts {
  readonly accounts: AccountService;
  readonly sessions: SessionService;
}

/** From the check to the details of the prompt. */
const decisionOf = new WeakMap<KoaContextWithOIDC, EnrolmentDecision>();

/**
 * The prompt behind the sign-in and before the consent: a person whose account lacks the factors that a policy wants is led to set them up,
 * and gets no code where they have to. It is shown only to somebody who has signed in, and the set-up asks for a proof of its own.
 */
export function promptOfEnrolment(parts: EnrolmentParts): interactionPolicy.Prompt {
  const { Check, Prompt } = interactionPolicy;
  const check = new Check(
    'second_factor_missing',
    'the End-User has to set up a second factor',
    'interaction_required',
    async (ctx) => {
      const decision = await decided(ctx, parts);
      decisionOf.set(ctx, decision);
      return decision.kind === 'none' ? Check.NO_NEED_TO_PROMPT : Check.REQUEST_PROMPT;
    },
    (ctx) => ({ enrolment: asked(decisionOf.get(ctx)) }),
  );
  return new Prompt({ name: enrolmentPrompt, requestable: false }, check);
}

function asked(decision: EnrolmentDecision | undefined): EnrolmentPromptDetails['enrolment'] {
  if (decision?.kind === 'demand') return { context: decision.context, due: null };
  return decision?.kind === 'offer' ? { context: 'urn:curfew:acr:mfa', due: decision.due } : undefined;
}

async function decided(
  ctx: KoaContextWithOIDC,
  { accounts, sessions }: EnrolmentParts,
): Promise<EnrolmentDecision> {
  const { client, resourceServers, result, session } = ctx.oidc;
  const none = { kind: 'none' } as const;
  if (!client || !session?.accountId) return none;
  const { accountId } = session;
  const policy = await sessions.policyFor(client.clientId, Object.keys(resourceServers ?? {}), accountId);
  // Most policies ask nobody: then the account need not be read.
  if (policy.enrolmentDays === null && policy.requiredAcr === 'none') return none;
  const account = await accountOf(accountId, accounts);
  if (!account) return none;
  const hasNone = policy.enrolmentDays !== null && account.secondFactors.length === 0;
  const { now } = currentScope();
  const askedAt = hasNone ? await accounts.enrolmentAskedAt(accountId) : null;
  const isOffered = result?.login !== undefined && result[enrolmentPrompt] === undefined;
  const decision = decideEnrolment(policy, { reachable: reachableContext(account), askedAt, isOffered, now });
  if (decision.kind === 'offer' && askedAt === null) await accounts.noteEnrolmentAsked(accountId, now);
  return decision;
}

const accountOf = async (accountId: string, accounts: AccountService): Promise<Account | null> =>
  currentScope().staged.account(accountId) ?? accounts.findById(accountId);
