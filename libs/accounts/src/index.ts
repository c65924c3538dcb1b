export {
  type Account,
  type AccountNames,
  asksSecondStep,
  contextWith,
  reachableContext,
  type SecondFactor,
} from './account.js';
export { AccountError, type AccountErrorCode } from './account-error.js';
export { accountColumns, accountWidth, hotAccount } from './account-row.js';
export { AccountService } from './account-service.js';
export type { Consent, ConsentedAccess } from './consent.js';
export { ConsentService, type PreparedConsent } from './consent.store.js';
export {
  answerHashing,
  type Hashing,
  HashingProcess,
  type HashingProcessEnd,
  HashingQuestions,
} from './hashing/index.js';
export { OperatorStore } from './operator.store.js';
export { defaultHashing, PasswordHasher } from './password-hasher.js';
export type { PasswordVerdict } from './password-verdict.js';
export { PreparedPassword } from './prepared-password.js';
export { normaliseEmail } from './profile/email-address.js';
export { type Profile, type ProfileChange, profileBounds } from './profile/profile.js';
export { Profiles } from './profile/profile.store.js';
export { defaultSignInLimits, SignInThrottle } from './sign-in-throttle.js';
export { Throttle, type ThrottleLimit, throttleKey } from './throttle.store.js';
export { type Settlement, settlementFits, settlementSteps } from './throttle-statements.js';
export { HashingOverloaded } from './work-queue.js';
