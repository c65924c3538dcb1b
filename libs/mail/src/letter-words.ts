import type { EventData } from '@curfew/session-policy';
import type { Letter, MailFacts } from './mail.js';

/** The words of a letter without its address. */
type Words = Omit<Letter, 'to'>;

/** The things that letters are about. */
export interface LetterFacts {
  /** The name by which the person is greeted. */
  readonly name: string;
  readonly username: string;
  /** The host under which people know the service. */
  readonly service: string;
  /** A link that acts, or the address of a page. */
  readonly link: string;
}

type About = (about: LetterFacts) => Words;
type Told = (facts: MailFacts, about: LetterFacts) => Words;

/** Every letter, in one language. */
export interface Letters {
  /** Lets a person choose the first password of their account. */
  readonly invitation: About;
  /** Lets a person replace a forgotten password. */
  readonly reset: About;
  /** Shows whether an address is the person's. */
  readonly verification: About;
  /** Tells of a sign-in from a place that is new to the account. */
  readonly newSignIn: Told;
  /** Shows whether the address that a person wants is theirs. */
  readonly emailChange: About;
  /** Tells the present address that somebody wants another one; its link acts, or else it has words only. */
  readonly emailChangeAsked: (facts: MailFacts, about: LetterFacts, mayAct: boolean) => Words;
  /** Tells the address that an account had. */
  readonly emailChanged: Told;
  /** Tells of a change of how the account signs in. */
  readonly securityChange: Told;
}

type Change = EventData['account.changed']['change'];

/** The changes of an account that its person is written to about: all that say how somebody can sign in. */
export const toldChanges = [
  'password_changed',
  'second_factor_added',
  'second_factor_removed',
  'passkey_added',
  'passkey_removed',
  'security_key_added',
  'security_key_removed',
  'second_step_changed',
  'recovery_codes_renewed',
  'recovery_code_used',
  'browser_remembered',
  'identity_linked',
  'identity_unlinked',
  'identity_allowed',
] as const satisfies readonly Change[];

/** One of these changes. */
export type ToldChange = (typeof toldChanges)[number];
