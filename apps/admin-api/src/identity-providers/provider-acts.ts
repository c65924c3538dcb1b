import {
  type IdentityProvider,
  type IdentityProviderFields,
  IdentityProviders,
} from '@curfew/accounts/identity-providers';
import { EventLog } from '@curfew/events';
import { type Foundation, foundationToken } from '@curfew/foundation';
import type { Transaction } from '@curfew/persistence';
import { ProblemError } from '@curfew/web';
import { Inject, Injectable } from '@nestjs/common';
import { type Act, adminActed } from '../access/acts.js';
import { Authority } from '../access/authority.js';
import { versionConflict } from '../contract/input.js';

/** Acts of operators on identity providers. Each is checked for authority and commits with its event. */
@Injectable()
export class ProviderActs {
  constructor(
    private readonly providers: IdentityProviders,
    private readonly events: EventLog,
    private readonly authority: Authority,
    @Inject(foundationToken) private readonly foundation: Foundation,
  ) {}

  /** Adds one. */
  create(
    wanted: IdentityProviderFields,
    secret: string,
    act: Act,
    tx: Transaction,
  ): Promise<IdentityProvider> {
    this.checkIssuer(wanted);
    return this.over(wanted.id, act, tx, async () => {
      return (await this.providers.insert(wanted, secret, act.now, tx)) ?? taken();
    });
  }

  /** Replaces the version that was read. */
  change(
    before: IdentityProvider,
    wanted: IdentityProviderFields,
    { secret, version }: { readonly secret: string | undefined; readonly version: number },
    act: Act,
    tx: Transaction,
  ): Promise<IdentityProvider> {
    this.checkIssuer(wanted);
    const isSame = before.issuer === wanted.issuer && before.clientId === wanted.clientId;
    if (!isSame && secret === undefined) throw secretMissing();
    return this.over(wanted.id, act, tx, async () => {
      const changed = await this.providers.replace(wanted, secret, version, act.now, tx);
      if (changed === 'taken') return taken();
      if (!changed) throw versionConflict();
      return changed;
    });
  }

  /** Deletes the version that was read. */
  remove(id: string, version: number, act: Act, tx: Transaction): Promise<void> {
    return this.over(id, act, tx, async () => {
      if (!(await this.providers.remove(id, version, tx))) throw versionConflict();
    });
  }

  private over<T>(id: string, act: Act, tx: Transaction, work: () => Promise<T>): Promise<T> {
    return this.authority.change(act, { kind: 'identity_provider' }, tx, async () => {
      const made = await work();
      await this.events.record([adminActed(act.caller, act.operation, id, act.now)], tx);
      return made;
    });
  }

  /** This service will ask that address, so that it must not be one of its own inside. */
  private checkIssuer({ issuer }: IdentityProviderFields): void {
    const fault = this.foundation.receiverAddressFault(issuer) ?? plainFault(issuer);
    if (fault === null) return;
    throw new ProblemError({
      status: 400,
      code: 'invalid_issuer',
      detail: `issuer ${fault}`,
      faults: [{ at: 'body/issuer', detail: fault }],
    });
  }
}

/**
 * OpenID Connect Discovery §3: an issuer has no query and no fragment. It is not the address of its metadata, which would have them taken
 * from whomever they name. Issuers are compared letter by letter, so each has one spelling.
 */
export function plainFault(issuer: string): string | null {
  if (/[?#]/.test(issuer)) return 'must have no query and no fragment';
  if (issuer.includes('/.well-known/'))
    return 'must be the issuer itself, without /.well-known/ and all that follows it';
  const { href } = new URL(issuer);
  return [issuer, `${issuer}/`].includes(href) ? null : `must be spelled as ${href}`;
}

const secretMissing = (): ProblemError =>
  new ProblemError({
    status: 400,
    code: 'secret_missing',
    detail:
      'client_secret must be given with another issuer or client_id: the old one is not sent elsewhere.',
    faults: [{ at: 'body/client_secret', detail: 'must be given with another issuer or client_id' }],
  });

function taken(): never {
  throw new ProblemError({
    status: 409,
    code: 'identity_provider_exists',
    detail: 'There is an identity provider with this id or this issuer.',
  });
}
