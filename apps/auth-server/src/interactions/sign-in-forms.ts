import type { SecondFactor } from '@curfew/accounts';
import type { PageDocument } from '@curfew/pages';
import {
  newPasswordPage,
  type SecondStepPage,
  type SignInPage,
  secondStepPage,
  signInPage,
} from '../pages/index.js';
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

/** The form that a notice leads to: the sign-in, its second step, or a new password that is due. */
export function drawSignIn(
  place: { readonly page: SignInPage; readonly stepUp?: SecondStepAnswers },
  { problem, proof, due, username, remember, answering, rememberedDays }: SignInNotice,
  settings: PageSettings,
): { readonly markup: PageDocument; readonly status: number } {
  const { page } = place;
  const told = problem && inWords(problem, settings, page.language);
  const status = told?.status ?? 200;
  if (due === 'second_step' || (place.stepUp && !proof)) {
    const asked = {
      answering: answering ?? [],
      takesCode: true,
      rememberedDays,
      ...(proof ? {} : place.stepUp),
    };
    return { markup: secondStepPage({ ...asked, ...page, proof, problem: told?.text }), status };
  }
  if (proof) {
    const { base, language, action, csrf, look } = page;
    const model = { base, language, action, csrf, look, proof, problem: told, username: username ?? '' };
    return { markup: newPasswordPage({ ...model, minLength: settings.parts.shortestPassword }), status };
  }
  const again = problem ? { username, remember, problem: told?.text } : {};
  return { markup: signInPage({ ...page, ...again }), status };
}
