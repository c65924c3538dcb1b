/**
 * Writes the .env file docker-compose.yml reads, with secrets generated on this machine. Never overwrites one.
 * usage: node deploy/make-env.mjs <issuer>     e.g. node deploy/make-env.mjs https://login.example.com
 */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const fail = (message) => {
  process.stderr.write(`${message}\n`);
  process.exit(1);
};

const [issuer, folder = join(import.meta.dirname ?? '.', '..')] = process.argv.slice(2);
if (issuer === undefined || !URL.canParse(issuer))
  fail('usage: node deploy/make-env.mjs <issuer>, e.g. https://login.example.com');

const lines = [
  '# Secrets of this installation. Keep it out of version control and backups that others can read.',
  `CURFEW_ISSUER=${new URL(issuer).href.replace(/\/$/, '')}`,
  '# Newest first, separated by commas. Every service key is derived from these: see docs/operations.md before changing them.',
  `CURFEW_KEY_ENCRYPTION_SECRETS=${randomBytes(48).toString('base64url')}`,
  `POSTGRES_PASSWORD=${randomBytes(32).toString('base64url')}`,
  '# Addresses of the admin API and of the gateway, as their callers know them.',
  'CURFEW_ADMIN_URL=http://localhost:3001',
  'CURFEW_GATEWAY_URL=http://localhost:3002',
  '# The address at which a gateway leads people to the console (docs/console.md); empty where there is none.',
  'CURFEW_CONSOLE_URL=',
  '# How many reverse proxies stand in front of the server; 0 believes no X-Forwarded-For.',
  'CURFEW_TRUSTED_HOPS=0',
  '# How long a server that stops goes on taking requests, until the reverse proxy has left it; 0s where there is one of each.',
  'CURFEW_SHUTDOWN_DELAY=0s',
  '# Mail (docs/operations.md): smtps://user:password@mail.example.com and an address; both empty where there is none.',
  'CURFEW_SMTP_URL=',
  'CURFEW_MAIL_FROM=',
];

const file = join(folder, '.env');
try {
  writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600, flag: 'wx' });
} catch (error) {
  fail(
    error.code === 'EEXIST'
      ? `${file} is there already; it was left as it is`
      : `cannot write ${file}: ${error.code}`,
  );
}
process.stdout.write(`wrote ${file}; next: docker compose up --build\n`);
