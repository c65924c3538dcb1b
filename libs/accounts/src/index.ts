export type { Account, AccountPage, SecondFactor } from './account.js';
export { AccountError, type AccountErrorCode } from './account-error.js';
export { accountColumns, accountWidth, hotAccount } from './account-row.js';
export {
  AccountService,
  type AccountServiceParts,
  type PasswordAttempt,
  type PasswordVerdict,
  PreparedPassword,
} from './account-service.js';
export { type Consent, type ConsentedAccess, isCovered } from './consent.js';
export { ConsentService, type PreparedConsent } from './consent.store.js';
export {
  type FactorSeal,
  type SecondFactorState,
  SecondFactors,
  type SecondFactorsParts,
  type SecondStepAttempt,
  type SecondStepVerdict,
  type ShownPassword,
} from './factors/second-factors.js';
export {
  answerHashing,
  type Hashing,
  type HashingAnswer,
  type HashingCost,
  HashingFailed,
  HashingProcess,
  type HashingProcessEnd,
  type HashingProcessOptions,
  HashingQuestions,
} from './hashing/index.js';
export { OperatorStore } from './operator.store.js';
export { defaultHashing, type HashingOptions, PasswordHasher } from './password-hasher.js';
export { defaultPasswordRules, type PasswordRules } from './password-rules.js';
export { defaultSignInLimits, type SignInLimits, SignInThrottle } from './sign-in-throttle.js';
export { Throttle, type ThrottleLimit, type ThrottleVerdict, throttleKey } from './throttle.store.js';
export { type Settlement, settlementFits, settlementSteps } from './throttle-statements.js';
export { normaliseUsername } from './username.js';
export { HashingOverloaded } from './work-queue.js';
