import type { OperatorStore } from '@curfew/accounts';
import type { FullAdministrators } from '@curfew/clients';
import { type AdminScope, adminScopeNames, isAdminScope } from '@curfew/config/admin-scopes';
import type { EventLog } from '@curfew/events';
import type { Transaction } from '@curfew/persistence';
import { ProblemError } from '@curfew/web';
import { type Act, adminActed } from './acts.js';
import type { AuthorityStore, ClientAuthority } from './authority.store.js';

/** A thing that operators change. */
export type Target =
  | { readonly kind: 'client'; readonly id: string }
  | { readonly kind: 'account'; readonly id: string }
  | { readonly kind: 'resource'; readonly audience: string }
  | { readonly kind: 'policy'; readonly name: string }
  | { readonly kind: 'route'; readonly name: string }
  | { readonly kind: 'receiver' }
  | { readonly kind: 'identity_provider' }
  | { readonly kind: 'transmitter' }
  | { readonly kind: 'everyone' };

type Scopes = ReadonlySet<AdminScope>;

const none: Scopes = new Set();
const all: Scopes = new Set(adminScopeNames);
/** The scope of a caller that hears of everybody's sessions. */
const hearing: Scopes = new Set<AdminScope>(['events:read']);
/** The scope of a caller that may end everything of anybody, as a transmitter does. */
const ending: Scopes = new Set<AdminScope>(['sessions:end']);

/** The facts that authority is decided from. */
export interface AuthorityParts {
  /** The audience of the admin API. */
  readonly adminUrl: string;
  readonly store: AuthorityStore;
  readonly operators: OperatorStore;
  readonly administrators: FullAdministrators;
  readonly events: EventLog;
}

/**
 * The one rule of who may change what: nobody hands out, takes over, weakens or removes more than they hold, and the last full
 * administrator cannot be removed by anybody. Every change of a target that may have power over the admin API goes through `change`.
 */
export class Authority {
  constructor(private readonly parts: AuthorityParts) {}

  /**
   * Does `work` where the caller holds all that the target has before it and after it, and where it leaves a full administrator; else
   * throws, so that the transaction is rolled back. A target that `work` creates is named by a function of what it made.
   */
  async change<T>(
    act: Act,
    target: Target | ((made: T) => Target),
    tx: Transaction,
    work: () => Promise<T>,
  ): Promise<T> {
    const { administrators } = this.parts;
    // Accounts are many, and few are operators: their own row is held in place of the lock that all share.
    const shared = typeof target === 'function' || target.kind !== 'account';
    if (shared) await administrators.hold(tx);
    const before = typeof target === 'function' ? none : await this.scopesOf(target, tx);
    this.requireOwn(act, before);
    if (!shared && before.size > 0) await administrators.hold(tx);
    const stood = before.size > 0 && (await administrators.list(tx)).length > 0;
    const made = await work();
    this.requireOwn(act, await this.scopesOf(typeof target === 'function' ? target(made) : target, tx));
    if (stood && (await administrators.list(tx)).length === 0) throw this.refusal(act, lastAdministrator);
    return made;
  }

  /** Throws unless the caller holds all of these scopes. */
  requireOwn(act: Act, scopes: Iterable<AdminScope>): void {
    for (const scope of scopes) if (!act.caller.scopes.has(scope)) throw this.refusal(act, beyondOwnScopes);
  }

  /** The scopes of the admin API that somebody has who controls this target. */
  private async scopesOf(target: Target, tx: Transaction): Promise<Scopes> {
    const { store, operators, adminUrl } = this.parts;
    switch (target.kind) {
      case 'client': {
        const client = await store.client(target.id, tx);
        return client ? scopesOfClient(client, adminUrl) : none;
      }
      case 'account':
        await store.holdAccount(target.id, tx);
        return operators.scopesOf(target.id, tx);
      case 'resource':
        return target.audience === adminUrl ? all : none;
      case 'route':
        return (await store.audienceOfRoute(target.name, tx)) === adminUrl ? all : none;
      case 'policy':
        return this.scopesUnder(target.name, tx);
      case 'receiver':
        return hearing;
      case 'identity_provider':
        // It says who signs in, operators included.
        return all;
      case 'transmitter':
        return ending;
      case 'everyone':
        // A policy for everyone applies to operators too; policies:write is the right for that.
        return none;
    }
  }

  /** The scopes of everything a policy is attached to. */
  private async scopesUnder(policy: string, tx: Transaction): Promise<Scopes> {
    const { store, adminUrl } = this.parts;
    const scopes = new Set<AdminScope>();
    for (const { kind, target } of await store.attachedTo(policy, tx)) {
      if (kind === 'resource' && target === adminUrl) return all;
      const client = kind === 'client' ? await store.client(target, tx) : undefined;
      for (const scope of client ? scopesAtAdminApi(client, adminUrl) : []) scopes.add(scope);
    }
    return scopes;
  }

  private refusal({ caller, operation, now, note }: Act, problem: () => ProblemError): ProblemError {
    this.parts.events.soon(adminActed(caller, operation, null, now, { outcome: 'refused', note }));
    return problem();
  }
}

/** The scopes a client may ask tokens for at the admin API; without a list of scopes, all of them. */
const scopesAtAdminApi = ({ scope, resources }: ClientAuthority, adminUrl: string): readonly AdminScope[] => {
  if (!resources.includes(adminUrl)) return [];
  return scope === null ? adminScopeNames : scope.split(' ').filter(isAdminScope);
};

/** Also what it hears: the client of an API may follow the ends of sessions and open a stream of security events. */
function scopesOfClient(client: ClientAuthority, adminUrl: string): Scopes {
  if (client.resource === adminUrl) return all;
  return new Set([...scopesAtAdminApi(client, adminUrl), ...(client.resource === null ? [] : hearing)]);
}

const beyondOwnScopes = (): ProblemError =>
  new ProblemError({
    status: 403,
    code: 'beyond_own_scopes',
    detail:
      'This would hand out, take over, weaken or remove access to the admin API with scopes that the caller does not have.',
  });

const lastAdministrator = (): ProblemError =>
  new ProblemError({
    status: 409,
    code: 'last_administrator',
    detail: 'Nobody could administer in full any more. Name another full administrator first.',
  });
