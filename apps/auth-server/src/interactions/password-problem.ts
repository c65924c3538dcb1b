import type { AccountErrorCode } from '@curfew/accounts';
import type { PasswordField } from '../pages/index.js';
import type { PageSettings } from './page-settings.js';

export interface PasswordProblem {
  readonly field: PasswordField;
  readonly text: string;
}

/** What to tell a person whose new password cannot be taken, and at which field. */
export function passwordProblem(
  code: AccountErrorCode | 'repeat_differs' | 'overloaded',
  settings: PageSettings,
): PasswordProblem {
  switch (code) {
    case 'repeat_differs':
      return { field: 'repeat', text: 'The two new passwords are not the same.' };
    case 'password_too_short':
      return { field: 'new', text: `Use at least ${settings.parts.shortestPassword} characters.` };
    case 'password_too_long':
      return { field: 'new', text: 'This password is too long.' };
    case 'password_is_username':
      return { field: 'new', text: 'The password must not be your username.' };
    case 'overloaded':
      return { field: 'form', text: 'Too much is going on at this moment. Try again in a few seconds.' };
    case 'password_too_common':
      return { field: 'new', text: 'Too many people use this password. Choose another one.' };
    case 'unknown_account':
    case 'username_invalid':
    case 'username_taken':
      return { field: 'form', text: 'The password could not be changed.' };
  }
}
