import {
  AccountError,
  type AccountErrorCode,
  HashingOverloaded,
  type PasswordVerdict,
  type SecondStepVerdict,
} from '@curfew/accounts';
import { type Seconds, seconds } from '@curfew/session-policy';
import { lengthInWords, type PasswordField } from '../pages/index.js';
import type { PageSettings } from './page-settings.js';

/** Every reason for which a form of a sign-in or of a new password is not taken; a closed list. */
export type FormProblemCode =
  | AccountErrorCode
  | 'credentials_missing'
  | 'credentials_wrong'
  | 'current_password_wrong'
  | 'repeat_differs'
  | 'code_wrong'
  | 'took_too_long'
  | 'throttled'
  | 'overloaded';

/** Why a form is not taken, and after how long it may be sent again where that is the reason. */
export interface FormProblem {
  readonly code: FormProblemCode;
  readonly retryAfter?: Seconds;
}

/** A problem for a person: its text, its field, and the status of the page. */
export interface ProblemInWords {
  readonly status: 422 | 429 | 503;
  readonly field: PasswordField;
  readonly text: string;
}

const atForm = (text: string, status: ProblemInWords['status'] = 422): ProblemInWords => ({
  status,
  field: 'form',
  text,
});
const atNew = (text: string): ProblemInWords => ({ status: 422, field: 'new', text });

/** The words of a problem. Those of a sign-in are the same whatever was wrong, so that nobody learns which names exist. */
export function inWords({ code, retryAfter }: FormProblem, settings: PageSettings): ProblemInWords {
  switch (code) {
    case 'credentials_missing':
      return atForm('Enter your username and your password.');
    case 'credentials_wrong':
      return atForm('Wrong username or password.');
    case 'current_password_wrong':
      return { status: 422, field: 'current', text: 'This is not your current password.' };
    case 'repeat_differs':
      return { status: 422, field: 'repeat', text: 'The two new passwords are not the same.' };
    case 'code_wrong':
      return {
        status: 422,
        field: 'code',
        text: 'This code does not work. Each works once; wait for the next one.',
      };
    case 'took_too_long':
      return atForm('That took too long. Sign in again.');
    case 'throttled':
      return atForm(
        `There were too many attempts. Try again in ${lengthInWords(retryAfter ?? seconds(60))}.`,
        429,
      );
    case 'overloaded':
      return atForm('The service is busy. Try again in a few seconds.', 503);
    case 'password_too_short':
      return atNew(`Use at least ${settings.parts.shortestPassword} characters.`);
    case 'password_too_long':
      return atNew('This password is too long.');
    case 'password_is_username':
      return atNew('The password must not be your username.');
    case 'password_too_common':
      return atNew('This password is too common. Choose another one.');
    case 'unknown_account':
    case 'username_invalid':
    case 'username_taken':
      return atForm('The password could not be changed.');
  }
}

/** The problem of a password that was not accepted; `whenWrong` names it where it was simply not the right one. */
export function problemOfVerdict(
  verdict: Exclude<PasswordVerdict, { kind: 'ok' }>,
  whenWrong: 'credentials_wrong' | 'current_password_wrong',
): FormProblem {
  if (verdict.kind === 'invalid') return { code: whenWrong };
  return { code: verdict.kind, retryAfter: verdict.retryAfter };
}

/** The problem of a code that was not accepted. */
export const problemOfCode = (verdict: Exclude<SecondStepVerdict, { kind: 'ok' }>): FormProblem =>
  verdict.kind === 'invalid' ? { code: 'code_wrong' } : { code: 'throttled', retryAfter: verdict.retryAfter };

/** The problem of a new password that could not be set; anything else is thrown on. */
export function problemOfError(error: unknown): FormProblem {
  if (error instanceof AccountError) return { code: error.code };
  if (error instanceof HashingOverloaded) return { code: 'overloaded', retryAfter: seconds(5) };
  throw error;
}
