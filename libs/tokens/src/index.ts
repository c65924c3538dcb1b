export { hashOfId, PayloadSeal } from './payload-seal.js';
export { receiverSeal, secretSeal } from './receiver-seal.js';
export { KeyRing, ServiceKeys } from './sealing.js';
export { keySettings, metadataMaxAge } from './signing-keys/key-schedule.js';
export { KeySet } from './signing-keys/key-set.js';
export { KeyStore } from './signing-keys/key-store.js';
export { signJwt } from './signing-keys/sign-jwt.js';
export { type PublicJwk, SigningKey } from './signing-keys/signing-key.js';
export { signingKeysChannel } from './signing-keys/signing-key.store.js';
export {
  type AccessTokenClaims,
  AccessTokenCodec,
  hashAccessToken,
  hashSecret,
  isUuid,
  leastIdAt,
  nameOfToken,
  newId,
  newSecret,
  openSuccessor,
  type RefreshToken,
  RefreshTokenCodec,
  sealSuccessor,
  secretMatches,
} from './tokens.js';
