import { setTimeout as pause } from 'node:timers/promises';
import { createVerifier } from '@curfew/resource-server';
import pg from 'pg';
import { StreamReader } from '../support/stream-reader.js';
import type { EngineClient, EngineWorld } from './engine-world.js';
import { asHeader } from './protocol-world.js';

/** Counts the acknowledgements of followers that one node passes on to another over the database. */
export async function countingPassedOn({ database }: EngineWorld) {
  const listening = new pg.Client({ connectionString: database.url });
  await listening.connect();
  let count = 0;
  listening.on('notification', ({ payload = '' }) => {
    if (payload.includes('"acknowledged"')) count += 1;
  });
  await listening.query('LISTEN curfew_ends');
  return { count: () => count, end: () => listening.end() };
}

/** The client of the API that the first run makes. */
export const apiClientOf = (world: EngineWorld): EngineClient => ({
  id: world.data.clients.api.client_id,
  secret: world.data.clients.api.client_secret,
});

/** A follower by way of the issuer's address, which acknowledges each beat. */
export async function followThrough(world: EngineWorld) {
  const { id: clientId, secret: clientSecret } = apiClientOf(world);
  const { resource: audience } = world.data.clients.api;
  const verifier = createVerifier({ issuer: world.issuer, clientId, clientSecret, audience });
  while (!verifier.following) await pause(10);
  return verifier;
}

/** Acknowledges to the node that the proxy picks, so that some are passed on where there are several. */
export async function acknowledgeWithoutName(world: EngineWorld): Promise<void> {
  const headers = asHeader(apiClientOf(world) as never);
  const reader = new StreamReader(`${world.issuer}/session-feed`, headers);
  await reader.until(() => reader.messages.some(({ event }) => event === 'beat'));
  const { id: follower } = JSON.parse(reader.messages.find(({ event }) => event === 'hello')!.data);
  for (let time = 0; time < 6; time += 1) {
    const answer = await fetch(`${world.issuer}/session-feed/acknowledgements`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ follower, done: [] }),
    });
    expect(answer.status).toBe(200);
  }
  await reader.stop();
  await pause(200);
}
