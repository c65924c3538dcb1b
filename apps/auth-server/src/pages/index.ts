export { type ApplicationEntry, type ApplicationsPage, applicationsPage } from './applications-page.js';
export { codeOfProof } from './code-field.js';
export { type ConsentItem, type ConsentPage, type ConsentResource, consentPage } from './consent-page.js';
export {
  type DeviceCodePage,
  type DeviceConfirmPage,
  type DeviceDonePage,
  deviceCodePage,
  deviceConfirmPage,
  deviceDonePage,
  deviceStoppedPage,
} from './device-pages.js';
export { type EnrolmentPage, enrolmentPage } from './enrolment-page.js';
export { type ErrorPage, errorPage, refusalWords } from './error-page.js';
export { type ForgottenPasswordPage, forgottenPasswordPage } from './forgotten-password-page.js';
export { type HomePage, homePage } from './home-page.js';
export { type IdentityChange, identitiesPage, identityChangesDone } from './identities-page.js';
export {
  type LinkButtonPage,
  type LinkDonePage,
  type LinkPasswordPage,
  linkButtonPage,
  linkDonePage,
  linkGonePage,
  linkPasswordPage,
} from './link-pages.js';
export { type MailPage, mailPage } from './mail-page.js';
export { type MailboxPage, mailboxPage } from './mailbox-page.js';
export { type OnwardPage, onwardPage, onwardScript } from './onward-page.js';
export { pageScripts } from './page-scripts.js';
export { type PasskeyOffer, passkeyScript, passkeyScriptPath } from './passkey-script.js';
export { maxPasskeyName } from './passkey-settings.js';
export {
  type NewPasswordPage,
  newPasswordPage,
  type PasswordField,
  type PasswordPage,
  type PasswordProblem,
  passwordPage,
} from './password-page.js';
export { type RecoveryCodesPage, recoveryCodesPage } from './recovery-codes-page.js';
export type { SecondStepDone, SecondStepSettings } from './second-step-model.js';
export { type SecondStepPage, secondStepPage } from './second-step-page.js';
export { secondStepDone, secondStepSettings } from './second-step-settings.js';
export { type SessionEntry, type SessionsPage, type SignInEntry, sessionsPage } from './sessions-page.js';
export { type SignInPage, signInPage } from './sign-in-page.js';
export { type LoggedOutPage, type LogoutPage, loggedOutPage, logoutPage } from './sign-out-pages.js';
