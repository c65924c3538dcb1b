import { randomBytes, randomUUID } from 'node:crypto';
import { VerdictCache } from '../libs/resource-server/dist/verdict-cache.js';

/*
 * node --expose-gc bench/verdict-memory.mjs: fills what a gateway remembers with a million verdicts, and prints how many
 * there are and how many bytes the process has resident.
 */
const cache = new VerdictCache(1_000_000);
const now = 1_800_000_000_000;
for (let i = 0; i < 1_000_000; i++) {
  const facts = {
    subject: randomUUID(),
    clientId: `web-${i % 50}`,
    sessionId: randomUUID(),
    issuer: 'https://login.example.com',
    audiences: ['https://orders.example.com'],
    scopes: ['orders:read', 'orders:write'],
    issuedAt: now,
    expiresAt: now + 600_000,
    authenticatedAt: now,
    acr: undefined,
    amr: ['pwd'],
    idleDeadline: now + 1_800_000,
    absoluteDeadline: now + 43_200_000,
    sessionStartedAt: now,
    lastActiveAt: now,
    actors: [],
    sessionClientId: undefined,
    keyThumbprint: undefined,
    certificateThumbprint: undefined,
  };
  cache.set(randomBytes(32).toString('hex'), {
    facts,
    freshUntil: now + 30_000,
    touched: true,
    name: undefined,
  });
}
globalThis.gc();
console.log(JSON.stringify({ size: cache.size, rss: process.memoryUsage().rss }));
