import { createHash, randomBytes } from 'node:crypto';

export const orders = 'https://orders.example.test';
export const billing = 'https://billing.example.test';
export const ledger = 'https://ledger.example.test';
export const reports = 'https://reports.example.test';
export const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';
export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** A verifier with its challenge (RFC 7636 §4.1, §4.2). */
export const pkce = (): { verifier: string; challenge: string } => {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
};
