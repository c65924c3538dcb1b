import { handedRoutes, type KeptRoute, keptRouteFaults, secondsOf } from '@curfew/config';
import { clientBasic } from '@curfew/resource-server/client-basic';
import { matchOf } from '@curfew/web';
import { requirementOf } from './requirement-of.js';
import type { ProtectedApi, Route } from './route.js';
import { RouteSource } from './route-source.js';
import type { GatewayRules } from './rules.js';

/** Milliseconds between two looks at what operators keep. */
export const lookEveryMs = 2_000;
/** Milliseconds an answer may take. */
const patienceMs = 2_000;
/** Milliseconds a first answer is waited for: without it nobody knows whom the gateway is to let pass. */
const firstAnswerMs = 30_000;

/** The authorization server did not say which routes operators keep for an API, or not so that it can be understood. */
export class KeptRoutesUnknown extends Error {
  override readonly name = 'KeptRoutesUnknown';
}

type Handed = { readonly name: string } & KeptRoute;

interface Known {
  readonly tag: string;
  readonly routes: readonly Handed[];
}

/** Hears what is wrong, for the log. */
export type OnKeptRouteTrouble = (sentence: string, error?: unknown) => void;

/**
 * Routes that operators keep with the admin API, before those of another source. The gateway fetches them from the authorization server
 * with the credentials of each API. The last known routes stay in force while the server does not respond.
 */
export class KeptRoutes extends RouteSource {
  readonly #known = new Map<string, Known>();
  #rules: GatewayRules | undefined;

  constructor(
    private readonly own: RouteSource,
    private readonly onTrouble: OnKeptRouteTrouble,
  ) {
    super();
  }

  override async read(): Promise<GatewayRules> {
    const rules = await this.own.read();
    this.#rules = rules;
    const present = new Set(rules.apis.map(keyOf));
    for (const key of this.#known.keys()) if (!present.has(key)) this.#known.delete(key);
    if (rules.keptUpstreams === undefined) return rules;
    await Promise.all(rules.apis.map((api) => this.#firstOf(rules.issuer, api)));
    const kept = rules.apis.flatMap((api) =>
      (this.#known.get(keyOf(api))?.routes ?? []).map((one) => this.#routeOf(one, api, rules)),
    );
    return { ...rules, routes: [...kept, ...rules.routes] };
  }

  override watch(onChange: () => void): () => void {
    return this.own.watch(onChange);
  }

  /** Asks for the routes of each API once; whether any have changed. */
  async look(): Promise<boolean> {
    const { keptUpstreams, apis, issuer } = this.#rules ?? {};
    if (keptUpstreams === undefined || !apis || !issuer) return false;
    const changed = await Promise.all(
      apis.map((api) =>
        this.#ask(issuer, api).catch((error: unknown) => {
          this.onTrouble(
            'the routes that operators keep could not be read; those known stay in force',
            error,
          );
          return false;
        }),
      ),
    );
    return changed.includes(true);
  }

  async #firstOf(issuer: string, api: ProtectedApi): Promise<void> {
    const deadline = performance.now() + firstAnswerMs;
    while (!this.#known.has(keyOf(api))) {
      try {
        await this.#ask(issuer, api);
      } catch (error) {
        if (performance.now() > deadline) throw error;
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
    }
  }

  /** Asks for the routes of an API; whether they are others than those known. @throws KeptRoutesUnknown */
  async #ask(issuer: string, api: ProtectedApi): Promise<boolean> {
    const known = this.#known.get(keyOf(api));
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), patienceMs);
    try {
      const answer = await fetch(`${issuer}/gateway-routes`, {
        redirect: 'error',
        headers: {
          authorization: clientBasic(api.clientId, api.clientSecret),
          ...(known ? { 'if-none-match': known.tag } : {}),
        },
        signal: patience.signal,
      });
      if (answer.status === 304 && known) return false;
      const read = handedRoutes.safeParse(answer.ok ? await answer.json() : undefined);
      if (!read.success)
        throw new KeptRoutesUnknown(`routes for ${api.name}: the answer was ${answer.status}`);
      this.#known.set(keyOf(api), { tag: answer.headers.get('etag') ?? '', routes: read.data.routes });
      return true;
    } finally {
      clearTimeout(timer);
    }
  }

  #routeOf(kept: Handed, api: ProtectedApi, { browsers, keptUpstreams = [] }: GatewayRules): Route {
    const { timeouts, upstream, browser } = kept;
    const faults = keptRouteFaults(kept);
    const target = upstream === undefined ? undefined : new URL(upstream);
    if (target && !keptUpstreams.includes(target.href))
      faults.push('names an upstream that keptRoutes.upstreams does not list');
    if (
      browser !== undefined &&
      !browsers.some((one) => one.name === browser && one.audience === api.audience)
    )
      faults.push('names a browser client that is not there, or is for another api');
    for (const fault of faults) this.onTrouble(`the kept route ${kept.name} lets nobody pass: it ${fault}`);
    const limit = (text: string | undefined) => (text === undefined ? undefined : secondsOf(text));
    return {
      name: kept.name,
      match: matchOf(kept),
      api: kept.public ? null : api.name,
      required: requirementOf({
        ...kept,
        limits: {
          maxTokenAge: limit(timeouts.max_token_age),
          maxAuthAge: limit(timeouts.max_auth_age),
          idle: limit(timeouts.idle),
          absolute: limit(timeouts.absolute),
        },
      }),
      upstream: target,
      passToken: kept.pass_token,
      browser,
      allow: kept.allow,
      cors: kept.cors,
      ...(faults.length > 0 ? { closed: true } : {}),
    };
  }
}

const keyOf = ({ audience, clientId }: ProtectedApi): string => JSON.stringify([audience, clientId]);
