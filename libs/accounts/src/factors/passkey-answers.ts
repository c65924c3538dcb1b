import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import { isDerSignature } from './ecdsa-signature.js';
import type { NewPasskey, PasskeyRecord } from './passkey.store.js';
import type { RelyingParty } from './relying-party.js';

/** Signature algorithms that a passkey may use (COSE): ES256, EdDSA, RS256. */
export const passkeyAlgorithms = [-7, -8, -257];

/** The answer of a browser to a ceremony, as far as it can be read before anything is checked. */
export interface CeremonyAnswer {
  /** The credential id, in base64url. */
  readonly id: string;
  readonly challenge: string;
  /** The person it speaks of, in base64url; absent where the authenticator does not say. */
  readonly userHandle?: string | undefined;
  readonly response: unknown;
}

/** Bytes of an id at most (WebAuthn §4, "Credential ID"). */
const maxIdBytes = 1023;

/** Reads the answer to a ceremony out of a form; null for what cannot be one. */
export function readAnswer(typed: string): CeremonyAnswer | null {
  const response = parsed(typed);
  const inner = response?.['response'] as Record<string, unknown> | undefined;
  const id = response?.['id'];
  if (typeof id !== 'string' || !isBase64url(id) || id.length > Math.ceil((maxIdBytes * 4) / 3)) return null;
  if (typeof inner !== 'object' || inner === null || typeof inner['clientDataJSON'] !== 'string') return null;
  const client = parsed(Buffer.from(inner['clientDataJSON'], 'base64url').toString());
  // Our pages are in no frame, so that an answer that comes out of one is not ours (WebAuthn §13.4.9).
  if (typeof client?.['challenge'] !== 'string' || client['crossOrigin'] === true || 'topOrigin' in client)
    return null;
  const userHandle = inner['userHandle'];
  if (userHandle !== undefined && userHandle !== null && typeof userHandle !== 'string') return null;
  return { id, challenge: client['challenge'], userHandle: userHandle ?? undefined, response };
}

const isBase64url = (text: string): boolean => /^[A-Za-z0-9_-]+$/.test(text);

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** The user handle of an account, in base64url: its id, which is random and says nothing of the person (WebAuthn §14.6.1). */
export const userHandleOf = (accountId: string): string =>
  Buffer.from(accountId.replaceAll('-', ''), 'hex').toString('base64url');

/** The account that a user handle names; null where it is none of ours. */
export function accountIdOf(userHandle: string | undefined): string | null {
  const hex = Buffer.from(userHandle ?? '', 'base64url').toString('hex');
  const parts = /^(.{8})(.{4})(.{4})(.{4})(.{12})$/.exec(hex);
  return parts ? parts.slice(1).join('-') : null;
}

/** The library takes a quarter of a second to load, so it is loaded when a passkey is first shown. Each later `import()` would be looked up anew. */
async function load() {
  const [server, helpers] = await Promise.all([
    import('@simplewebauthn/server'),
    import('@simplewebauthn/server/helpers'),
  ]);
  return { ...server, ...helpers };
}
let loaded: ReturnType<typeof load> | undefined;
const library = () => (loaded ??= load());

/** As much of a passkey as its answers are verified with. */
type ShownPasskey = Pick<PasskeyRecord, 'publicKey' | 'counter'>;

/** The state of a passkey after a right answer. */
export interface ShownUse {
  readonly counter: number;
  readonly isBackedUp: boolean;
}

/** The key of a passkey that nobody has: the base point of P-256 as a COSE_Key for ES256 (RFC 9053 §7.1.1, FIPS 186-4 §D.1.2.3). */
export const keyOfNobody = Buffer.from(
  'a5010203262001' +
    '2158206b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296' +
    '2258204fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5',
  'hex',
);

/** Checks the answer of a passkey (WebAuthn §7.2); null where anything of it is not as it must be. */
export async function verifyShown(
  { response, challenge, id }: CeremonyAnswer,
  { publicKey, counter }: ShownPasskey,
  { id: expectedRPID, origin: expectedOrigin }: RelyingParty,
): Promise<ShownUse | null> {
  const { verifyAuthenticationResponse } = await library();
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: response as AuthenticationResponseJSON,
      expectedChallenge: challenge,
      expectedOrigin,
      expectedRPID,
      requireUserVerification: true,
      credential: { id, publicKey: new Uint8Array(publicKey), counter },
    });
    const { newCounter, credentialBackedUp } = authenticationInfo;
    return verified && (await isOfOneForm(response as AuthenticationResponseJSON, publicKey))
      ? { counter: newCounter, isBackedUp: credentialBackedUp }
      : null;
  } catch {
    // The library throws for whatever it finds wrong; the answer comes from outside, so that none of it is a fault of ours.
    return null;
  }
}

/** Whether a signature that is right is written in the only form that it has; the library reads further ones of a key on a curve. */
async function isOfOneForm(
  { response: { signature } }: AuthenticationResponseJSON,
  publicKey: PasskeyRecord['publicKey'],
): Promise<boolean> {
  const { cose, decodeCredentialPublicKey } = await library();
  const isOnCurve = cose.isCOSEPublicKeyEC2(decodeCredentialPublicKey(new Uint8Array(publicKey)));
  return !isOnCurve || isDerSignature(Buffer.from(signature, 'base64url'));
}

/** Checks a new passkey (WebAuthn §7.1); null where anything of it is not as it must be. */
export async function verifyNew(
  { response, challenge }: CeremonyAnswer,
  { id: expectedRPID, origin: expectedOrigin }: RelyingParty,
): Promise<Omit<NewPasskey, 'accountId' | 'name' | 'relyingParty'> | null> {
  try {
    if (await bringsCertificates(response as RegistrationResponseJSON)) return null;
    const { verifyRegistrationResponse } = await library();
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: response as RegistrationResponseJSON,
      expectedChallenge: challenge,
      expectedOrigin,
      expectedRPID,
      requireUserVerification: true,
      supportedAlgorithmIDs: passkeyAlgorithms,
    });
    if (!verified) return null;
    const { credential, credentialBackedUp, credentialDeviceType } = registrationInfo;
    const { authenticatorAttachment } = response as RegistrationResponseJSON;
    return {
      ...{ id: credential.id, publicKey: credential.publicKey, counter: credential.counter },
      isPlatform: authenticatorAttachment === 'platform',
      isBackupEligible: credentialDeviceType === 'multiDevice',
      isBackedUp: credentialBackedUp,
    };
  } catch {
    return null;
  }
}

/**
 * Whether an attestation names certificates. None is asked for, so that no browser sends any, and judging them would make this service
 * fetch revocation lists from addresses that stand in them.
 */
async function bringsCertificates({ response }: RegistrationResponseJSON): Promise<boolean> {
  const { decodeAttestationObject } = await library();
  const bytes = new Uint8Array(Buffer.from(response.attestationObject, 'base64url'));
  const attestation = decodeAttestationObject(bytes);
  const format = attestation.get('fmt');
  const statement = attestation.get('attStmt');
  return !(format === 'none' || (format === 'packed' && statement.get('x5c') === undefined));
}
