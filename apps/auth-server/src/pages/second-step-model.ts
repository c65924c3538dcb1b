import type { PlainKey } from '@curfew/pages';
import type { Instant } from '@curfew/session-policy';
import type { PageModel } from './layout.js';
import type { PasskeyOffer } from './passkey-script.js';
import type { PasswordProblem } from './password-page.js';

/** A passkey as its owner sees it. */
export interface PasskeyEntry {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Instant;
  readonly lastUsedAt: Instant | null;
  readonly isBackedUp: boolean;
}

/** A remembered browser as its person sees it. */
export interface RememberedEntry {
  readonly browser: string | null;
  readonly system: string | null;
  readonly expiresAt: Instant;
}

/** The page on which a person sets up, looks at and removes their second factors. */
export interface SecondStepSettings extends PageModel {
  readonly action: string;
  readonly csrf: string;
  readonly username: string;
  readonly now: Instant;
  /** Fields that prove the person of a moment ago. Only with them the page offers changes, and shows the secret of a new app. */
  readonly proof?: Readonly<Record<string, string>> | undefined;
  /** The app in use, if there is one. */
  readonly app: { readonly since: Instant; readonly lastUsedAt: Instant | null } | null;
  readonly passkeys: readonly PasskeyEntry[];
  readonly recoveryCodes: number;
  readonly always: boolean;
  /** The browsers in which no second step is asked for at the sign-in. */
  readonly remembered: readonly RememberedEntry[];
  /** The secret of an app that is being set up. */
  readonly proposed: { readonly secret: string; readonly uri: string } | null;
  /** Asks the browser to show a passkey, or to make one. */
  readonly passkey?: PasskeyOffer;
  /** The sign-in that asked for a factor, where one did. */
  readonly goOn?: string | undefined;
  readonly problem?: PasswordProblem | undefined;
  readonly done?: SecondStepDone | undefined;
}

/** Something that was changed on the page before. */
export type SecondStepDone = keyof typeof doneWords;

/** The words for each of them. */
export const doneWords = {
  removed: 'factor.off',
  app_added: 'factor.app_added',
  app_removed: 'factor.app_removed',
  passkey_added: 'passkey.done_added',
  passkey_removed: 'passkey.done_removed',
  always: 'factor.always',
  sometimes: 'factor.sometimes',
  forgotten: 'factor.forgotten',
} as const satisfies Readonly<Record<string, PlainKey>>;
