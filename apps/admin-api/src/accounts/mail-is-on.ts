import type { Configuration } from '@curfew/config';
import { ProblemError } from '@curfew/web';

/** Refuses what needs mail where none is sent: an invitation that nobody gets would be a promise that is not kept. */
export class MailIsOn {
  readonly #isOn: boolean;

  constructor({ smtp, mailbox }: Configuration['mail']) {
    this.#isOn = smtp !== undefined || mailbox;
  }

  /** @throws ProblemError */
  require(): void {
    if (this.#isOn) return;
    const detail = 'This service sends no mail: CURFEW_SMTP_URL is not set.';
    throw new ProblemError({ status: 409, code: 'mail_is_off', detail });
  }
}
