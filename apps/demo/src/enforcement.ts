import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { createVerifier } from '@curfew/resource-server';
import { clientBasic } from '@curfew/resource-server/client-basic';
import { type DevFile, readDevFile } from './dev-file.js';
import { ordersApi } from './orders.js';

// node apps/demo/dist/enforcement.js: how long a token is let pass after it was given back, at an API and at the gateway.

const basic = ({ client_id: id, client_secret: secret }: DevFile['clients']['service']) => ({
  authorization: clientBasic(id, secret),
});

async function post(dev: DevFile, path: string, form: Record<string, string>): Promise<Response> {
  const answer = await fetch(`${dev.issuer}${path}`, {
    method: 'POST',
    headers: basic(dev.clients.service),
    body: new URLSearchParams(form),
  });
  if (!answer.ok) throw new TypeError(`${path} answered ${answer.status}`);
  return answer;
}

/** The two places where the token is tried. */
const placesOf = (
  dev: DevFile,
  port: number,
): Readonly<Record<string, (token: string) => Promise<number>>> => ({
  'the API': async (token) =>
    (await fetch(`http://127.0.0.1:${port}/orders`, { headers: { authorization: `Bearer ${token}` } }))
      .status,
  'the gateway': async (token) => {
    const headers = {
      authorization: `Bearer ${token}`,
      'x-forwarded-method': 'GET',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': new URL(dev.clients.api.resource).host,
      'x-forwarded-uri': '/orders',
    };
    return (await fetch(`${dev.gatewayUrl}/forward-auth`, { headers })).status;
  },
});

async function main(): Promise<void> {
  const dev = readDevFile();
  const { client_id: clientId, client_secret: clientSecret, resource: audience } = dev.clients.api;
  const verifier = createVerifier({ issuer: dev.issuer, clientId, clientSecret, audience });
  const api = ordersApi(verifier).listen(0, '127.0.0.1');
  while (!verifier.following) await pause(10);
  const places = Object.entries(placesOf(dev, (api.address() as AddressInfo).port));
  for (let round = 1; round <= 5; round++) {
    const answer = await post(dev, '/token', { grant_type: 'client_credentials', resource: audience });
    const { access_token: token } = (await answer.json()) as { access_token: string };
    const before = await Promise.all(places.map(([, ask]) => ask(token)));
    await post(dev, '/revocation', { token });
    const acknowledged = performance.now();
    const took = await Promise.all(
      places.map(async ([name, ask]) => {
        while ((await ask(token)) === 200);
        return `${name} after ${(performance.now() - acknowledged).toFixed(1)} ms`;
      }),
    );
    console.log(`${round}. let pass before: ${before.join(', ')}; denied by ${took.join(', by ')}`);
  }
  await verifier.close();
  api.closeAllConnections();
  api.close();
}

await main();
