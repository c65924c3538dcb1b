import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new self-signed certificate in PEM form; its files are put into `folder`. */
export function createCertificate(folder: string, name: string): string {
  const [key, file] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
  const kind = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '2',
  ];
  execFileSync('openssl', [...kind, '-subj', `/CN=${name}`, '-keyout', key, '-out', file], {
    stdio: 'ignore',
  });
  return readFileSync(file, 'utf8');
}

/** New certificates of these names, whose files are gone again. */
export function createCertificates<Name extends string>(...names: readonly Name[]): Record<Name, string> {
  const folder = mkdtempSync(join(tmpdir(), 'curfew-certificates-'));
  try {
    return Object.fromEntries(names.map((name) => [name, createCertificate(folder, name)])) as Record<
      Name,
      string
    >;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The thumbprint by which a certificate is known (RFC 8705 §3.1). */
export const thumbprintOf = (pem: string): string =>
  createHash('sha256').update(new X509Certificate(pem).raw).digest('base64url');
