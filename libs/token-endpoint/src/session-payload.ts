import type { Instant } from '@curfew/session-policy';
import type { Origin } from './origin.js';

/** Whole seconds, as JWTs and oidc-provider count. */
export const epochSeconds = (at: Instant): number => Math.floor(at / 1000);

/** The authorization of a sign-in, as stored in the session's row: the tokens' common claims and the grant. */
export interface Authorization {
  readonly scope?: string | undefined;
  readonly resource?: string | readonly string[] | undefined;
  readonly claims?: unknown;
  readonly nonce?: string | undefined;
  readonly amr?: readonly string[] | undefined;
  readonly authTime?: number | undefined;
  readonly gty?: string | undefined;
  readonly sid?: string | undefined;
  readonly jkt?: string | undefined;
  readonly 'x5t#S256'?: string | undefined;
  /** The browser, if another program redeemed its code. */
  readonly origin?: Origin | undefined;
  /** The grant of oidc-provider: OpenID scopes and claims, scopes by resource, what was rejected. */
  readonly grant: { readonly openid?: unknown; readonly resources?: unknown; readonly rejected?: unknown };
}

/** Scope values of a space-separated text. */
export const scopesOf = (scope: string | undefined): string[] => (scope ?? '').split(' ').filter(Boolean);

/** The members an authorization keeps of a token or a code. */
const kept = [
  'scope',
  'resource',
  'claims',
  'nonce',
  'amr',
  'authTime',
  'gty',
  'sid',
  'jkt',
  'x5t#S256',
] as const;

/** All that was authorized, as `authorizationOf` wrote it. */
export const authorizationIn = (session: { readonly authorization: unknown }): Authorization =>
  session.authorization as Authorization;

/** The part of a sign-in that is stored. */
export function authorizationOf(
  source: Readonly<Record<string, unknown>>,
  grant: Readonly<Record<string, unknown>>,
  origin: Origin | undefined,
): Readonly<Record<string, unknown>> {
  const pick = (from: Readonly<Record<string, unknown>>, names: readonly string[]) =>
    Object.fromEntries(names.filter((name) => from[name] !== undefined).map((name) => [name, from[name]]));
  const granted = pick(grant, ['openid', 'resources', 'rejected']);
  return { grant: granted, ...pick(source, kept), ...(origin && { origin }) };
}
