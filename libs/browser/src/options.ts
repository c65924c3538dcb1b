import { CurfewError } from './curfew-error.js';

/** The options of createCurfew. */
export interface CurfewOptions {
  /** The issuer, exactly as its metadata has it. */
  readonly issuer: string;
  /** A public client, with the origin of this page in its redirect URIs. */
  readonly clientId: string;
  /** The page to which people come back; it must load this package as well. */
  readonly redirectUri: string;
  /** The page to which a sign-out leads, as it is registered. */
  readonly postLogoutRedirectUri?: string | undefined;
  /** Scope values to ask for; `openid` unless given. */
  readonly scope?: string | undefined;
  /** The API to ask tokens for (RFC 8707). */
  readonly resource?: string | undefined;
  /** Addresses that get a token from `fetch`, with everything below them; the origin of the page unless given. */
  readonly apis?: readonly string[] | undefined;
  /** Seconds between two questions whether the session still stands, while the page is in sight; 60 unless given. */
  readonly watchEvery?: number | undefined;
  /** Seconds before the absolute end from which on people are warned of it; 120 unless given. */
  readonly absoluteWarning?: number | undefined;
  /** Seconds that a tab waits for another one that refreshes, before it takes over; 8 unless given. */
  readonly patience?: number | undefined;
}

/** Options that were checked, with every default in its place. */
export type Settings = { readonly [Name in keyof CurfewOptions]-?: NonNullable<CurfewOptions[Name]> };

const wrong = (name: string, rule: string) => new CurfewError('wrong_option', `${name} ${rule}`);

/** @throws CurfewError */
export function settingsOf(options: CurfewOptions): Settings {
  if (!isSecureContext) throw wrong('createCurfew', 'needs a page of https or of localhost');
  const settings: Settings = {
    ...options,
    scope: options.scope ?? 'openid',
    resource: options.resource ?? '',
    postLogoutRedirectUri: options.postLogoutRedirectUri ?? '',
    apis: options.apis ?? [location.origin],
    watchEvery: options.watchEvery ?? 60,
    absoluteWarning: options.absoluteWarning ?? 120,
    patience: options.patience ?? 8,
  };
  for (const name of ['issuer', 'redirectUri', 'postLogoutRedirectUri'] as const)
    if (options[name] !== undefined && !URL.canParse(settings[name]))
      throw wrong(name, `must be a URL, not "${settings[name]}"`);
  for (const name of ['issuer', 'clientId', 'redirectUri'] as const)
    if (!settings[name]) throw wrong(name, 'is missing');
  if (new URL(settings.redirectUri).origin !== location.origin)
    throw wrong('redirectUri', `must be of ${location.origin}, not "${settings.redirectUri}"`);
  for (const name of ['watchEvery', 'absoluteWarning', 'patience'] as const)
    if (!(settings[name] > 0)) throw wrong(name, `must be a number above 0, not "${settings[name]}"`);
  for (const api of settings.apis)
    if (!URL.canParse(api, location.href)) throw wrong('apis', `must be URLs, not "${api}"`);
  return settings;
}
