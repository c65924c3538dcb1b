/**
 * Asks a server of this house whether it is ready: exit status 0 for yes, 1 for no. Used by the container image, which has no curl.
 * usage: node deploy/healthcheck.mjs [port]
 */
import { request } from 'node:http';

const port = Number(process.argv[2] ?? process.env.CURFEW_AUTH_PORT ?? 3000);
// The authorization server refuses any host but its issuer's, also from inside its container; the others do not mind.
const { host } = new URL(process.env.CURFEW_ISSUER ?? `http://localhost:${port}`);

const fail = (reason) => {
  process.stderr.write(`not ready: ${reason}\n`);
  process.exit(1);
};

request({ host: '127.0.0.1', port, path: '/health/ready', headers: { host }, timeout: 3000 })
  .on('response', (response) => {
    if (response.statusCode !== 200) fail(`status ${response.statusCode}`);
    response.resume().on('end', () => process.exit(0));
  })
  .on('timeout', () => fail('no answer within 3 seconds'))
  .on('error', (error) => fail(error.code ?? 'connection failed'))
  .end();
