import type { SecondFactor } from '@curfew/accounts';
import type { UpstreamOrigin } from '@curfew/artifacts';
import type { PageDocument } from '@curfew/pages';
import type { Instant } from '@curfew/session-policy';
import { type AuthenticationMethod, methodsTogether } from '@curfew/session-policy/authentication';
import {
  newPasswordPage,
  type SecondStepPage,
  type SignInPage,
  secondStepPage,
  signInPage,
} from '../pages/index.js';
import type { Form } from './form.js';
import { type FormProblem, inWords } from './form-problem.js';
import type { PageSettings } from './page-settings.js';
import type { UpstreamProof } from './upstream-sign-in.js';

/** The ways in which a person answers a second step. */
export type SecondStepAnswers = Pick<SecondStepPage, 'answering' | 'takesCode'>;

/** The notice on a sign-in page about the form sent before. */
export interface SignInNotice {
  readonly problem?: FormProblem;
  /** Whom another identity provider has signed in. */
  readonly upstream?: UpstreamProof;
  readonly username?: string | undefined;
  readonly remember?: boolean;
  /** Hidden fields that prove the right password to the next form; set when a new password or a second step is due. */
  readonly proof?: Readonly<Record<string, string>>;
  /** The form that these fields are for. */
  readonly due?: 'password' | 'second_step';
  /** The kinds of factors that answer the second step. */
  readonly answering?: readonly SecondFactor[];
  /** For how many days this browser can be remembered after it. */
  readonly rememberedDays?: number;
}

/** The first proof of a sign-in, which a second step follows. */
export interface FirstProof {
  readonly methods: readonly AuthenticationMethod[];
  readonly provedAt: Instant;
  /** Whether it was the password of this account. No other proof leads to a new one: that needs the old one to be shown. */
  readonly isPassword: boolean;
  /** The session at another identity provider that it came of. */
  readonly upstream?: UpstreamOrigin | undefined;
}

/** A second step that is due; its form waits for so long from when it was first shown. */
export interface DueSecondStep {
  readonly remember: boolean;
  readonly first: FirstProof;
  readonly shownAt: Instant;
  readonly problem?: FormProblem;
}

/** A new password that is due, after these proofs. */
export interface DuePassword {
  readonly remember: boolean;
  readonly methods: readonly AuthenticationMethod[];
  readonly shownAt: Instant;
  readonly problem?: FormProblem;
  /** Names the authenticators that were proved, where an earlier form knows them. */
  readonly version?: string;
}

/** The hidden fields of a second step's form that its token covers, in this order. */
const stepFields = ['at', 'given', 'first', 'by', 'of'] as const;

/** Those fields of a step that is due. */
export const fieldsOfStep = ({ first, shownAt }: Pick<DueSecondStep, 'first' | 'shownAt'>) => ({
  at: String(shownAt),
  given: String(first.provedAt),
  first: first.methods.join(' '),
  by: first.isPassword ? 'password' : 'other',
  of: first.upstream ? JSON.stringify(first.upstream) : '',
});

/** The values of those fields, for the token. */
export const valuesOfStep = (fields: Readonly<Record<string, string>>): readonly string[] =>
  stepFields.map((name) => fields[name] ?? '');

/** The step that a form speaks of, and the values that its token must cover. */
export function stepOf(form: Form): Pick<DueSecondStep, 'first' | 'shownAt'> & {
  readonly values: readonly string[];
} {
  const values = stepFields.map((name) => form.get(name) ?? '');
  const [at, given, first, by, of] = values as [string, string, string, string, string];
  const methods = methodsTogether(first.split(' '));
  const shown = {
    ...{ methods, provedAt: Number(given) as Instant, isPassword: by === 'password' },
    upstream: readOrigin(of),
  };
  return { first: shown, shownAt: Number(at) as Instant, values };
}

/** The field of a form that nobody has checked yet; its token is compared before it counts. */
function readOrigin(text: string): UpstreamOrigin | undefined {
  try {
    return text === '' ? undefined : (JSON.parse(text) as UpstreamOrigin);
  } catch {
    return undefined;
  }
}

/** The form that a notice leads to: the sign-in, its second step, or a new password that is due. */
export function drawSignIn(
  page: SignInPage,
  { problem, proof, due, username, remember, answering, rememberedDays }: SignInNotice,
  settings: PageSettings,
  stepUp: SecondStepAnswers | undefined,
): { readonly markup: PageDocument; readonly status: number; readonly leadsElsewhere: boolean } {
  const told = problem && inWords(problem, settings, page.language);
  const status = told?.status ?? 200;
  if (due === 'second_step' || (stepUp && !proof)) {
    const asked = {
      answering: answering ?? [],
      takesCode: true,
      rememberedDays,
      ...(proof ? {} : stepUp),
    };
    const markup = secondStepPage({ ...asked, ...page, proof, problem: told?.text });
    return { markup, status, leadsElsewhere: false };
  }
  if (proof) {
    const { base, language, action, csrf, look } = page;
    const model = { base, language, action, csrf, look, proof, problem: told, username: username ?? '' };
    const markup = newPasswordPage({ ...model, minLength: settings.parts.shortestPassword });
    return { markup, status, leadsElsewhere: false };
  }
  const again = problem ? { username, remember, problem: told?.text } : {};
  // No page but this one has a form that leads to another identity provider.
  const leadsElsewhere = (page.providers ?? []).length > 0;
  return { markup: signInPage({ ...page, ...again }), status, leadsElsewhere };
}
