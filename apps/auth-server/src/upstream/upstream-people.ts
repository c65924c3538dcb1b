import { type Account, AccountError, AccountService, Profiles } from '@curfew/accounts';
import { type Identity, type IdentityProvider, LinkedIdentities } from '@curfew/accounts/identity-providers';
import { Clock } from '@curfew/clock';
import { OperationParts, personWithProof } from '@curfew/operations';
import { createLinkedAccount, linkIdentity } from '@curfew/operations/identities';
import { Injectable } from '@nestjs/common';
import type { UpstreamClaims, UpstreamSignedIn } from './upstream-client.js';
import { textOf, verifiedEmail } from './upstream-profile.js';

/** Finds the account of a person whom another identity provider has signed in. */
@Injectable()
export class UpstreamPeople {
  constructor(
    private readonly parts: OperationParts,
    private readonly accounts: AccountService,
    private readonly identities: LinkedIdentities,
    private readonly profiles: Profiles,
    private readonly clock: Clock,
  ) {}

  /**
   * The account of the person: the one that is linked; else, where the provider's settings say so, the one that has shown the same address
   * to be its own, or a new one. Undefined where there is none, and where it is disabled. An address is nobody's name by itself (OpenID
   * Connect Core §5.7), so that one which the provider has not verified counts for nothing.
   */
  async accountOf(
    { claims, profile }: UpstreamSignedIn,
    provider: IdentityProvider,
  ): Promise<Account | undefined> {
    const identity = { issuer: provider.issuer, subject: claims.sub };
    const linked = await this.identities.accountOf(identity);
    if (linked !== undefined) {
      await this.identities.used(identity, this.clock.now());
      return this.#open(linked);
    }
    if (!provider.linksByEmail && !provider.createsAccounts) return undefined;
    const told = isNamed(claims, provider) ? claims : await profile();
    try {
      const found = await this.#byEmail(identity, told, provider);
      if (found === 'closed') return undefined;
      return found ?? (await this.#made(identity, told, provider));
    } catch (error) {
      // Two sign-ins at once, or a name that somebody has here already: nothing is taken over.
      if (error instanceof AccountError) return undefined;
      throw error;
    }
  }

  /** Links the person to the account of somebody who has shown the authenticators of this version. @throws AccountError */
  async link(identity: Identity, accountId: string, version: string): Promise<void> {
    if ((await this.identities.accountOf(identity)) === accountId) return;
    const author = personWithProof(this.parts, accountId, version);
    await linkIdentity(this.parts, { identity, accountId, by: 'person' }, author);
  }

  /**
   * A person whose account is disabled gets no second one by the same address, also where addresses link nobody; nor does one who has removed
   * the link to their account (ADR 120).
   */
  async #byEmail(
    identity: Identity,
    claims: UpstreamClaims,
    { linksByEmail }: IdentityProvider,
  ): Promise<Account | 'closed' | undefined> {
    const email = verifiedEmail(claims);
    const id = email === undefined ? null : await this.profiles.accountOfVerified(email);
    if (id === null) return undefined;
    const account = await this.#open(id);
    if (!account) return 'closed';
    if (!linksByEmail) return undefined;
    const author = { by: { kind: 'user', id: account.id, ip: null } } as const;
    const link = { identity, accountId: account.id, by: 'address' } as const;
    return (await linkIdentity(this.parts, link, author)) ? account : 'closed';
  }

  async #made(
    identity: Identity,
    claims: UpstreamClaims,
    { createsAccounts, linksByEmail }: IdentityProvider,
  ): Promise<Account | undefined> {
    const username = createsAccounts
      ? (textOf(claims['preferred_username']) ?? verifiedEmail(claims))
      : undefined;
    if (username === undefined) return undefined;
    // The person has an account here: with a second one they could not make the link again.
    if (await this.identities.isRemoved(identity)) return undefined;
    const email = linksByEmail ? verifiedEmail(claims) : undefined;
    const profile = {
      ...(email === undefined ? {} : { email, emailVerified: true }),
      ...(textOf(claims['name']) === undefined ? {} : { displayName: textOf(claims['name'])! }),
    };
    return createLinkedAccount(this.parts, { identity, username, profile });
  }

  async #open(id: string): Promise<Account | undefined> {
    const account = await this.accounts.findById(id);
    return account?.disabledAt === null ? account : undefined;
  }
}

/** Whether an ID token says all that the settings of its provider need; else its userinfo endpoint is asked. */
const isNamed = (
  { email, preferred_username: name }: UpstreamClaims,
  { createsAccounts }: IdentityProvider,
) => email !== undefined && (name !== undefined || !createsAccounts);
