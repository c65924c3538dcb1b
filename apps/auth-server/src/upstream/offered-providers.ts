import type { IdentityProviders } from '@curfew/accounts/identity-providers';

/** A provider as the sign-in page offers it. */
export interface OfferedProvider {
  readonly id: string;
  readonly name: string;
  readonly issuer: string;
  /** Whether it links people by their address, also those who have removed their link. */
  readonly linksByEmail: boolean;
}

/** The providers that one page offers at most. */
const maxOffered = 20;

/** The identity providers that sign-in pages offer, in memory: a page costs no statement for them. */
export class OfferedProviders {
  #offered: readonly OfferedProvider[] = [];

  constructor(private readonly providers: Pick<IdentityProviders, 'list'>) {}

  /** To be called at the start, and whenever a change is announced or may have been missed. */
  async load(): Promise<void> {
    const found = await this.providers.list(null, 200);
    this.#offered = found
      .filter(({ enabled }) => enabled)
      .slice(0, maxOffered)
      .map(({ id, name, issuer, linksByEmail }) => ({ id, name, issuer, linksByEmail }));
  }

  /** Those that are offered now. */
  get offered(): readonly OfferedProvider[] {
    return this.#offered;
  }
}
