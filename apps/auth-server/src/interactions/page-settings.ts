import type { ThrottleLimit } from '@curfew/accounts';
import { accentPath, type LanguageRequest, languageFor, type PageLook, type PageModel } from '@curfew/pages';
import { basePathOf } from '../base-path.js';
import { passkeyScriptPath } from '../pages/index.js';
import type { InstallationLook } from './installation-look.js';

/** The settings of the installation that pages use. */
export class PageSettings {
  /** Origin of the issuer: the only one our own forms come from. */
  readonly origin: string;
  /** Path of an issuer that does not stand at the root of its host, without a slash at the end; mostly empty. */
  readonly base: string;
  readonly secureCookies: boolean;
  /** The script of pages on which a passkey can be used, as CSP source expressions. */
  readonly passkeyScripts: readonly string[];
  readonly #cookieName: string;
  readonly #look: PageLook;

  constructor(
    readonly parts: {
      readonly issuer: string;
      readonly cookieName: string;
      /** Fewest characters of a new password. */
      readonly shortestPassword: number;
      /** Largest form in bytes. */
      readonly bodyBytes: number;
      /** How many requests of one network have mail sent; undefined where no mail is sent. */
      readonly mail?: ThrottleLimit | undefined;
      /** The look of the installation; without it, pages have the product's. */
      readonly look?: InstallationLook | undefined;
      /** Keys for form tokens, 32 bytes each, newest first; the same on all nodes. */
      readonly formKeys: readonly Uint8Array[];
    },
  ) {
    const issuer = new URL(parts.issuer);
    this.origin = issuer.origin;
    this.base = basePathOf(parts.issuer);
    this.passkeyScripts = [`${this.origin}${this.base}${passkeyScriptPath}`];
    this.secureCookies = issuer.protocol === 'https:';
    this.#cookieName = parts.cookieName;
    this.#look = { brand: fileOf(parts.look?.logo), stylesheet: accentPath(parts.look?.accents ?? {}) };
  }

  /** The model of a page that answers this request; `uiLocales` where its application asked for languages before. */
  pageFor(request: LanguageRequest, uiLocales?: string | undefined): PageModel {
    return { base: this.base, language: languageFor(request, uiLocales), look: this.#look };
  }

  /** The look of a page that speaks for an application: its own, and the installation's for each part that it has not. */
  lookFor({ logo, accents }: InstallationLook): PageLook {
    const { light, dark } = this.parts.look?.accents ?? {};
    const stylesheet = accentPath({ light: accents.light ?? light, dark: accents.dark ?? dark });
    return { ...this.#look, logo: fileOf(logo), stylesheet };
  }

  /** Whether mail is sent at all. */
  get sendsMail(): boolean {
    return this.parts.mail !== undefined;
  }

  /** The limit of requests that have mail sent. */
  get mailLimit(): ThrottleLimit {
    return this.parts.mail!;
  }

  /** The page for a forgotten password, where mail can be sent. */
  get forgottenPassword(): string | undefined {
    return this.sendsMail ? `${this.base}/forgotten-password` : undefined;
  }

  /** Name of one of our cookies; with https its prefix ties it to this host or, on a path of its own, to https (RFC 6265bis §4.1.3). */
  cookieName(purpose: string, path = '/'): string {
    const prefix = path === '/' ? '__Host-' : '__Secure-';
    return `${this.secureCookies ? prefix : ''}${this.#cookieName}_${purpose}`;
  }
}

const fileOf = (logo: InstallationLook['logo']): string | undefined => logo && `/assets/${logo.name}`;
