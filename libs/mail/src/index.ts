export { AccountLetters } from './account-letters.js';
export { LetterComposer } from './compose-letters.js';
export { prunePlaces } from './known-place.store.js';
export type { MailDepth, MailKind, NewMail } from './mail.js';
export { type KeptLetter, MailStore } from './mail.store.js';
export { type MailOutcome, MailSender } from './mail-sender.js';
export {
  type FoundLink,
  type LinkPurpose,
  OneTimeLinks,
  passwordSubject,
  readEmailChange,
} from './one-time-links.js';
export { smtpTransport } from './transport.js';
