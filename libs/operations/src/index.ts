export {
  createAccount,
  deleteAccount,
  disableAccount,
  enableAccount,
  requireNewPassword,
} from './accounts.js';
export { type Author, OperationParts, personWithProof } from './author.js';
export { changePassword, passwordEndsSessions } from './change-password.js';
export {
  addClientSecret,
  changeClient,
  deleteClient,
  disableClient,
  enableClient,
  endClientSecret,
  registerClient,
} from './clients.js';
export { type EverythingEnded, endEverything, endSessions } from './end-sessions.js';
export { importAccounts } from './import-accounts.js';
export {
  askForConfirmation,
  askForEmailChange,
  changeEmail,
  choosePassword,
  confirmEmail,
  disownSignIn,
  inviteAccount,
  type PasswordLink,
} from './one-time-links.js';
export { type AccountDetails, changeDetails } from './profiles.js';
export { type ConsentWithdrawn, withdrawConsent } from './withdraw-consent.js';
