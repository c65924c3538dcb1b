import { createHash, X509Certificate } from 'node:crypto';

/** SHA-256 thumbprint of a client certificate (RFC 8705 §3.1), given as DER or PEM; undefined where it is none. */
export function certificateThumbprint(certificate: Uint8Array | string | undefined): string | undefined {
  if (certificate === undefined || certificate.length === 0) return undefined;
  try {
    const { raw } = new X509Certificate(certificate);
    return createHash('sha256').update(raw).digest('base64url');
  } catch {
    return undefined;
  }
}
