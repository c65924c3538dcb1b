import type { Foundation } from '@curfew/foundation';
import { type MailOutcome, MailSender, smtpTransport } from '@curfew/mail';

/** Sends the mail of the installation, or keeps it for the mailbox of development; undefined where neither is configured. */
export function mailSender(
  { configuration, mails, letters, clock, log }: Foundation,
  mailed: (kind: string, outcome: MailOutcome) => void,
): MailSender | undefined {
  const { smtp, mailbox } = configuration.mail;
  if (!smtp && !mailbox) return undefined;
  return new MailSender({
    store: mails,
    clock,
    compose: (mail) => letters.compose(mail),
    transport: smtp ? smtpTransport(smtp) : null,
    attempted: (kind, outcome, cause) => {
      mailed(kind, outcome);
      if (outcome === 'failed') log.warn({ kind, cause }, 'a mail could not be sent; it is tried again');
      if (outcome === 'refused' || outcome === 'expired')
        log.warn({ kind, outcome, cause }, 'a mail was given up');
    },
  });
}
