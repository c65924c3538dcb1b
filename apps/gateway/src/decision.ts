import type { IncomingMessage } from 'node:http';
import { createVerifier, type Refusal, type TokenFacts, type Verifier } from '@curfew/resource-server';
import type { AskedRequest } from './asked/asked-request.js';
import type { Route } from './routes/route.js';
import { RouteTable } from './routes/route.js';
import type { GatewayRules } from './routes/rules.js';

/** What the gateway says of a request. */
export type Decision =
  | { readonly kind: 'allowed'; readonly route: Route; readonly facts: TokenFacts | null }
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly route: Route | null };

const noRoute: Refusal = {
  status: 403,
  error: undefined,
  description: 'no route leads there',
  headers: { 'Cache-Control': 'no-store' },
};

/** Decides by the route table and the tokens that requests carry. */
export class DecisionMaker {
  readonly #verifiers: ReadonlyMap<string, Verifier>;
  readonly #table: RouteTable;

  constructor({ issuer, apis, routes }: GatewayRules, onTrouble: (error: unknown, api: string) => void) {
    this.#table = new RouteTable(routes);
    this.#verifiers = new Map(
      apis.map(({ name, ...api }) => [
        name,
        createVerifier({ issuer, ...api, realm: name, onTrouble: (error) => onTrouble(error, name) }),
      ]),
    );
  }

  /** Whether ends are being followed for every API at the moment. */
  get following(): boolean {
    return [...this.#verifiers.values()].every((verifier) => verifier.following);
  }

  /** Decides about a request, by the credentials of the message that asks. */
  async decide(asked: AskedRequest, { headers, rawHeaders }: IncomingMessage): Promise<Decision> {
    const route = this.#table.find(asked);
    if (!route) return { kind: 'refused', refusal: noRoute, route: null };
    if (route.api === null) return { kind: 'allowed', route, facts: null };
    const verifier = this.#verifiers.get(route.api)!;
    const passive = route.required.passive || headers['x-session-activity'] === 'passive';
    const url = `${asked.scheme}://${asked.host}${asked.path}${asked.query}`;
    const severalTokens =
      rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'authorization').length > 1;
    const verdict = await verifier.verify(
      { headers, method: asked.method, url, severalTokens },
      { ...route.required, passive },
    );
    return verdict.kind === 'allowed'
      ? { kind: 'allowed', route, facts: verdict.facts }
      : { kind: 'refused', route, refusal: verdict.refusal };
  }

  /** Stops following. */
  async close(): Promise<void> {
    await Promise.all([...this.#verifiers.values()].map((verifier) => verifier.close()));
  }
}
