import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
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
