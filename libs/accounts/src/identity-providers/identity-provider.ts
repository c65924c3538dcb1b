import type { Instant } from '@curfew/session-policy';
import type { AuthenticationMethod } from '@curfew/session-policy/authentication';

/** The ids of providers: words, which stand in addresses. */
export const identityProviderId = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** The settings of another identity provider that operators write; its secret is beside them. */
export interface IdentityProviderFields {
  /** A word; the address to which it sends people back names it. */
  readonly id: string;
  readonly issuer: string;
  /** The name on the sign-in page. */
  readonly name: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** Whether somebody unknown is linked to the account that has shown the same address of email to be its own. */
  readonly linksByEmail: boolean;
  /** Whether an account is made for somebody unknown. */
  readonly createsAccounts: boolean;
  /** Whether a sign-in that it has already is enough, where nothing demands a fresh one. */
  readonly singleSignOn: boolean;
  /** Whether the methods that it tells (`amr`) are believed. */
  readonly believesAmr: boolean;
  /** The methods that its context classes (`acr`) stand for. */
  readonly acrMethods: Readonly<Record<string, readonly AuthenticationMethod[]>>;
  readonly enabled: boolean;
}

/** Another identity provider with which people sign in here; never with its secret. */
export interface IdentityProvider extends IdentityProviderFields {
  readonly version: number;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

/** A person as an identity provider knows them (OpenID Connect Core §2: `iss` and `sub` together). */
export interface Identity {
  readonly issuer: string;
  readonly subject: string;
}

/** An identity of an account, with the times of the link. */
export interface LinkedIdentity extends Identity {
  readonly createdAt: Instant;
  readonly lastUsedAt: Instant | null;
}
