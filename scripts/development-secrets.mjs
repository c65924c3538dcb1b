import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Key-encryption secrets for this machine, made up once. Production knows them by their prefix and refuses them. @param {string} home */
export function developmentSecrets(home) {
  const file = path.join(home, 'secrets.json');
  if (!existsSync(file)) {
    const secret = `development-only-${randomBytes(32).toString('base64url')}`;
    writeFileSync(file, `${JSON.stringify({ keyEncryptionSecrets: [secret] }, null, 2)}\n`, { mode: 0o600 });
  }
  return JSON.parse(readFileSync(file, 'utf8')).keyEncryptionSecrets.join(',');
}
