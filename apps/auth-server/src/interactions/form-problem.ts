import {
  AccountError,
  type AccountErrorCode,
  HashingOverloaded,
  type PasswordVerdict,
} from '@curfew/accounts';
import { type SecondStepVerdict } from '@curfew/accounts/factors';
import { type Html, type Language, lengthInWords } from '@curfew/pages';
import { type Seconds, seconds } from '@curfew/session-policy';
import type { PasswordProblem } from '../pages/index.js';
import type { PageSettings } from './page-settings.js';

/** Every reason for which a form of a sign-in or of a new password is not taken; a closed list. */
export type FormProblemCode =
  | AccountErrorCode
  | 'credentials_missing'
  | 'name_missing'
  | 'credentials_wrong'
  | 'current_password_wrong'
  | 'repeat_differs'
  | 'code_wrong'
  | 'passkey_wrong'
  | 'passkey_stale'
  | 'passkey_name_missing'
  | 'too_many_passkeys'
  | 'took_too_long'
  | 'upstream_failed'
  | 'upstream_denied'
  | 'upstream_unknown'
  | 'throttled'
  | 'overloaded';

/** Why a form is not taken, and after how long it may be sent again where that is the reason. */
export interface FormProblem {
  readonly code: FormProblemCode;
  readonly retryAfter?: Seconds;
}

/** A problem for a person: its text, its field, and the status of the page. */
export interface ProblemInWords extends PasswordProblem {
  readonly status: 422 | 429 | 503;
}

const atForm = (text: Html, status: ProblemInWords['status'] = 422): ProblemInWords => ({
  status,
  field: 'form',
  text,
});
const atField = (field: PasswordProblem['field'], text: Html): ProblemInWords => ({
  status: 422,
  field,
  text,
});

/** The words of a problem. Those of a sign-in are the same whatever was wrong, so that nobody learns which names exist. */
export function inWords(
  { code, retryAfter }: FormProblem,
  settings: PageSettings,
  language: Language,
): ProblemInWords {
  const { say } = language;
  switch (code) {
    case 'credentials_missing':
    case 'name_missing':
    case 'credentials_wrong':
    case 'passkey_wrong':
    case 'passkey_stale':
    case 'passkey_name_missing':
    case 'too_many_passkeys':
    case 'took_too_long':
    case 'authenticators_changed':
    case 'upstream_failed':
    case 'upstream_denied':
    case 'upstream_unknown':
    case 'identity_taken':
    case 'too_many_identities':
      return atForm(say(`problem.${code}`));
    case 'overloaded':
      return atForm(say('problem.overloaded'), 503);
    case 'throttled':
      return atForm(
        say('problem.throttled', { length: lengthInWords(language, retryAfter ?? seconds(60)) }),
        429,
      );
    case 'current_password_wrong':
      return atField('current', say('problem.current_password_wrong'));
    case 'repeat_differs':
      return atField('repeat', say('problem.repeat_differs'));
    case 'email_invalid':
      return atField('address', say('problem.email_invalid'));
    case 'code_wrong':
      return atField('code', say('problem.code_wrong'));
    case 'password_too_short':
      return atField('new', say('problem.password_too_short', { length: settings.parts.shortestPassword }));
    case 'password_too_long':
    case 'password_is_username':
    case 'password_too_common':
      return atField('new', say(`problem.${code}`));
    case 'unknown_account':
    case 'username_invalid':
    case 'username_taken':
    case 'display_name_invalid':
    case 'email_taken':
    case 'email_missing':
    case 'groups_invalid':
    case 'external_id_invalid':
    case 'password_is_set':
    case 'link_gone':
      return atForm(say('problem.password_not_changed'));
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
