import { linesOf, wordsOf } from '../../elements/lines.js';
import type { Provider, WrittenProvider } from './provider-queries.js';

/** The settings of an identity provider as they are typed. */
export interface TypedProvider {
  readonly id: string;
  readonly name: string;
  readonly issuer: string;
  readonly client_id: string;
  /** Empty where the one that is kept stays. */
  readonly client_secret: string;
  readonly scopes: string;
  readonly acr_methods: string;
  readonly links_by_email: boolean;
  readonly creates_accounts: boolean;
  readonly single_sign_on: boolean;
  readonly believes_amr: boolean;
  readonly enabled: boolean;
}

/** The titles of the members. */
export const names = {
  id: 'Id',
  name: 'Name',
  issuer: 'Issuer',
  client_id: 'Client id',
  client_secret: 'Client secret',
  scopes: 'Scopes',
  acr_methods: 'Classes that are believed',
  links_by_email: 'Link by address',
  creates_accounts: 'Make accounts',
  single_sign_on: 'Take the sign-in that is there',
  believes_amr: 'Believe the methods',
  enabled: 'Offered',
} as const satisfies Record<keyof TypedProvider, string>;

/** A new one. */
export const nothing: TypedProvider = {
  ...{ id: '', name: '', issuer: '', client_id: '', client_secret: '', scopes: 'profile email' },
  ...{ acr_methods: '', links_by_email: false, creates_accounts: false, single_sign_on: false },
  ...{ believes_amr: false, enabled: true },
};

/** One that is known, as it is typed. */
export const typedOf = (provider: Provider): TypedProvider => ({
  id: provider.id,
  name: provider.name,
  issuer: provider.issuer,
  client_id: provider.client_id,
  client_secret: '',
  scopes: provider.scopes.join(' '),
  acr_methods: provider.acr_methods.map(({ acr, methods }) => [acr, ...methods].join(' ')).join('\n'),
  links_by_email: provider.links_by_email,
  creates_accounts: provider.creates_accounts,
  single_sign_on: provider.single_sign_on,
  believes_amr: provider.believes_amr,
  enabled: provider.enabled,
});

type Classes = NonNullable<WrittenProvider['acr_methods']>;

/** The same as the admin API takes it. A class of a provider has no blanks: several stand in one parameter (OpenID Connect Core §3.1.2.1). */
export const writtenOf = (typed: TypedProvider): WrittenProvider => ({
  ...typed,
  scopes: wordsOf(typed.scopes),
  acr_methods: linesOf(typed.acr_methods).map((line) => {
    const [acr = '', ...methods] = wordsOf(line);
    return { acr, methods: methods as Classes[number]['methods'] };
  }),
});
