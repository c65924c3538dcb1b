import { hash, X509Certificate } from 'node:crypto';
import type { KnownClient } from '@curfew/clients';
import { invalidGrant } from '../refused.js';
import type { EndpointRequest } from '../request.js';

/** The parts by which a certificate is checked. */
interface CertificateParts {
  /** Header in which a trusted proxy hands over the client certificate, if one does (RFC 8705). */
  readonly certificateHeader: string | undefined;
}

/**
 * The thumbprint of the certificate that a request must show (RFC 8705 §3.1), if its client is registered for bound tokens or the token
 * that it presents is `bound`. Undefined if none is asked for. @throws Refused
 */
export function requiredCertificate(
  { request }: EndpointRequest,
  { metadata }: KnownClient,
  { certificateHeader }: CertificateParts,
  bound?: string,
): string | undefined {
  if (!metadata.tls_client_certificate_bound_access_tokens && bound === undefined) return undefined;
  const shown = shownCertificate({ request }, { certificateHeader });
  if (!shown) throw invalidGrant('key_mismatch');
  return shown;
}

/** The thumbprint of the certificate that a request shows, where it shows one. */
export function shownCertificate(
  { request }: Pick<EndpointRequest, 'request'>,
  { certificateHeader }: CertificateParts,
): string | undefined {
  const value =
    certificateHeader === undefined ? undefined : request.headers[certificateHeader.toLowerCase()];
  const shown = typeof value === 'string' ? certificateFrom(value) : undefined;
  return shown && hash('sha256', shown.raw, 'base64url');
}

/**
 * The certificate that a proxy put into its header, URL-encoded; undefined for everything else. A comma joins headers of the same name
 * (RFC 9110 §5.3): one of two certificates is from somebody else than the proxy.
 */
function certificateFrom(value: string): X509Certificate | undefined {
  if (!value || value.includes(',')) return undefined;
  try {
    return new X509Certificate(decodeURIComponent(value));
  } catch {
    return undefined;
  }
}
