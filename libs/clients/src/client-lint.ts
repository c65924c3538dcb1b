import type { Client, ClientMetadata } from './client.js';
import { isPrivateUseUri } from './uri-rules.js';

/** Something in a registration that is allowed and yet deserves a second look. */
export interface ClientWarning {
  /** Stable, for filters and for silencing. */
  readonly code: string;
  readonly member: keyof ClientMetadata;
  readonly severity: 'warning' | 'note';
  readonly message: string;
}

interface Check extends ClientWarning {
  readonly applies: (metadata: ClientMetadata) => boolean;
}

const checks: readonly Check[] = [
  {
    code: 'pkce_not_required',
    member: 'require_pkce',
    severity: 'warning',
    message:
      'is false: a stolen authorization code is only found out by a client that checks the nonce of its ID token (RFC 9700 §2.1.1)',
    applies: ({ require_pkce }) => require_pkce === false,
  },
  {
    code: 'assertions_for_endpoints',
    member: 'assertion_audience',
    severity: 'note',
    message:
      'is any: an assertion that names an endpoint can be made for a server that lies about its endpoints; prefer the issuer (FAPI 2.0 §5.3.2.1)',
    applies: ({ assertion_audience }) => assertion_audience === 'any',
  },
  {
    code: 'scheme_of_an_app',
    member: 'redirect_uris',
    severity: 'note',
    message:
      'has the scheme of an app, which another app on the device can claim; prefer an https address that belongs to the app (RFC 8252 §7.2, §8.4)',
    applies: ({ redirect_uris }) => redirect_uris.some(isPrivateUseUri),
  },
  {
    code: 'exchange_in_turn',
    member: 'token_exchange',
    severity: 'note',
    message:
      'has a max_depth above 1: the client may act for clients that act for others; each one of them can be the leak (RFC 8693 §4.1)',
    applies: ({ token_exchange = [] }) => token_exchange.some(({ max_depth = 1 }) => max_depth > 1),
  },
  {
    code: 'exchange_for_long',
    member: 'token_exchange',
    severity: 'note',
    message:
      'has an API without max_lifetime: its tokens live as long as the one that they were exchanged for; prefer the seconds that a call needs (RFC 8693 §5)',
    applies: ({ token_exchange = [] }) =>
      token_exchange.some(({ max_lifetime }) => max_lifetime === undefined),
  },
];

/** The warnings about a registration; empty where there is nothing to say. */
export const lintClient = ({ metadata }: Pick<Client, 'metadata'>): readonly ClientWarning[] =>
  checks
    .filter(({ applies }) => applies(metadata))
    .map(({ code, member, severity, message }) => ({ code, member, severity, message }));
