export type { Authenticators } from './factor-lock.js';
export { type PasskeyUse, passkeyUseSteps } from './passkey-use.js';
export { type PasskeyFault, Passkeys, type PasskeyVerdict, passkeyMethods } from './passkeys.js';
export { relyingPartyOf } from './relying-party.js';
export { type NewRememberedBrowser, type RememberedBrowser, rememberedUntil } from './remembered-browsers.js';
export { SecondFactors, type SecondStepVerdict, type ShownPassword } from './second-factors.js';
