import type { Configuration } from 'oidc-provider';

/**
 * Mutual TLS (RFC 8705) behind a proxy that ends TLS: the certificate comes in a header only that proxy can set. Without
 * such a header configured, mutual TLS is off, and no header of that kind means anything.
 */
export function certificateBinding(
  header: string | undefined,
): NonNullable<Configuration['features']>['mTLS'] {
  // A session that was bound while there was a header is still asked for its certificate, and there is none to be had.
  if (!header) return { enabled: false, getCertificate: () => undefined };
  return {
    enabled: true,
    certificateBoundAccessTokens: true,
    selfSignedTlsClientAuth: false,
    tlsClientAuth: false,
    // Certificates are checked where tokens are made and used, which is our own code; metadata says that they are.
    getCertificate: () => undefined,
  };
}
