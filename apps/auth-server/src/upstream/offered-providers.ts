import type { IdentityProviders } from '@curfew/accounts/identity-providers';
import { type Kept, KeptRows } from '../kept-rows.js';

/** A provider as the sign-in page offers it. */
export interface OfferedProvider {
  readonly id: string;
  readonly name: string;
  readonly issuer: string;
}

/** The providers that the sign-in page offers at most. */
const maxOffered = 20;
/** The providers that are known by name at most. */
const maxKnown = 200;

/** The identity providers that pages name, in memory: a page costs no statement for them. */
export class OfferedProviders implements Kept {
  #known: readonly (OfferedProvider & { readonly enabled: boolean })[] = [];
  readonly #rows = new KeptRows(() => this.#read());

  constructor(private readonly providers: Pick<IdentityProviders, 'list'>) {}

  load(): Promise<void> {
    return this.#rows.load();
  }

  async #read(): Promise<void> {
    const found = await this.providers.list(null, maxKnown);
    this.#known = found.map(({ id, name, issuer, enabled }) => ({ id, name, issuer, enabled }));
  }

  /** Those with which people may sign in now. */
  get open(): readonly OfferedProvider[] {
    return this.#known.filter(({ enabled }) => enabled);
  }

  /** Those of them that the sign-in page offers. */
  get offered(): readonly OfferedProvider[] {
    return this.open.slice(0, maxOffered);
  }

  /** The one with this issuer, also while it is switched off; undefined where none is known. */
  of(issuer: string): OfferedProvider | undefined {
    return this.#known.find((one) => one.issuer === issuer);
  }
}
