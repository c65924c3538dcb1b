import type { TokenFacts } from '../../libs/resource-server/src/token-facts.js';

/** The facts about a token of a session, but for these. */
export const facts = (changes: Partial<TokenFacts> = {}): TokenFacts => ({
  subject: 'person',
  clientId: 'client',
  actors: [],
  sessionClientId: undefined,
  sessionId: 'session',
  issuer: 'https://login.example.com',
  audiences: [],
  scopes: [],
  issuedAt: 10_000,
  expiresAt: 600_000,
  authenticatedAt: undefined,
  acr: undefined,
  amr: [],
  idleDeadline: undefined,
  idleWarningAt: undefined,
  absoluteDeadline: undefined,
  sessionStartedAt: undefined,
  lastActiveAt: undefined,
  keyThumbprint: undefined,
  certificateThumbprint: undefined,
  ...changes,
});

/** A verdict as a resource server remembers it. */
export const remembered = (changes: Partial<TokenFacts> = {}, freshUntil = 1_000, name?: string) => ({
  facts: facts(changes),
  freshUntil,
  touched: true,
  name,
});

/** Ends of nothing. */
export const no = { sessions: [], tokens: [], all: [] };
