import type { Secret } from './secret.js';
import { rate, secret, word } from './values.js';

const isSmtpUrl = (value: string): boolean => {
  if (!URL.canParse(value) || /\s/.test(value)) return false;
  const { protocol, hostname, pathname, search, hash } = new URL(value);
  const isBare = ['', '/'].includes(pathname) && search === '' && hash === '';
  return ['smtp:', 'smtps:'].includes(protocol) && hostname !== '' && isBare;
};

const aboutSender =
  'The sender of mail, such as `Example <no-reply@example.com>`. Needed with CURFEW_SMTP_URL.';
const formOfSender = 'an address of email, or a name and an address in angle brackets';

/** How people are written to. */
export const mail = {
  CURFEW_SMTP_URL: secret(
    'The mail server, with its credentials. `smtps://` begins with TLS; `smtp://` demands STARTTLS unless the server is this machine. Unset, no mail is sent: with first-run data it is shown at `/mailbox` of the authorization server, and otherwise there are no invitations, forgotten passwords and notices.',
    'an smtp:// or smtps:// URL without path and query',
    isSmtpUrl,
  ),
  CURFEW_MAIL_FROM: word(
    aboutSender,
    /^(?:[^<>@"\p{C}]{1,100} <[^\s<>@"\p{C}]+@[^\s<>@"\p{C}]+>|[^\s<>@"\p{C}]+@[^\s<>@"\p{C}]+)$/u,
    formOfSender,
  )
    .optional()
    .meta({ about: aboutSender, form: formOfSender }),
  CURFEW_THROTTLE_MAIL: rate(
    'Requests of one network that have mail sent, such as those for a forgotten password. Beyond it a network gets a 429, and other networks go on.',
    '10/15m',
  ),
};

/** How mail is sent. */
export interface MailConfiguration {
  /** The mail server; undefined where no mail is sent. */
  readonly smtp: { readonly url: Secret; readonly from: string } | undefined;
  /** Whether letters are shown at a page of the authorization server in place of being sent; never in production. */
  readonly mailbox: boolean;
}
