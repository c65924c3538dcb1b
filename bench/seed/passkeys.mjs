import { createHash, generateKeyPairSync } from 'node:crypto';

const head = (major, value) => Buffer.from(value < 24 ? [(major << 5) | value] : [(major << 5) | 24, value]);
const integer = (value) => (value < 0 ? head(1, -1 - value) : head(0, value));
const bytes = (value) => Buffer.concat([head(2, value.length), value]);

/** A public key on P-256 for ES256 as an authenticator describes it: COSE_Key (RFC 9053 §7.1.1) in CBOR. */
function coseKey({ x, y }) {
  const entries = [
    [integer(1), integer(2)],
    [integer(3), integer(-7)],
    [integer(-1), integer(1)],
    [integer(-2), bytes(Buffer.from(x, 'base64url'))],
    [integer(-3), bytes(Buffer.from(y, 'base64url'))],
  ];
  return Buffer.concat([head(5, entries.length), ...entries.flat()]);
}

/** The credential id of an account's passkey. */
const credentialId = (account) => createHash('md5').update(account).digest();

/**
 * Gives each of the accounts a passkey, as if it had been made at its pages. All have one key, so that the driver needs no more; their ids
 * differ. Returns the key and, for each passkey, its id and the account as authenticators name it.
 */
export async function addPasskeys(database, accounts, issuer) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await database.query(
    `INSERT INTO passkey (id, account_id, relying_party, name, public_key, counter, is_platform, backup_eligible, backed_up, created_at)
     SELECT decode(md5(a::text), 'hex'), a, $2, 'Laptop', $3, 0, true, true, true, now() FROM unnest($1::uuid[]) a`,
    [accounts, new URL(issuer).hostname, coseKey(publicKey.export({ format: 'jwk' }))],
  );
  await database.query(
    `UPDATE account SET second_factors = '{passkey}', second_step_always = true WHERE id = ANY($1::uuid[])`,
    [accounts],
  );
  const privateJwk = privateKey.export({ format: 'jwk' });
  return accounts.map((account) => ({
    id: credentialId(account).toString('base64url'),
    userHandle: Buffer.from(account.replaceAll('-', ''), 'hex').toString('base64url'),
    origin: new URL(issuer).origin,
    privateJwk,
  }));
}
