import { randomBytes } from 'node:crypto';
import { Clock } from '@curfew/clock';
import type { NoticePlace } from '@curfew/oidc';
import { type Seconds, seconds } from '@curfew/session-policy';
import { Injectable } from '@nestjs/common';
import { seeOther } from './answer.js';
import { dropCookie, readCookieText, setCookie } from './cookies.js';
import { FormTokens } from './form-tokens.js';
import { PageSettings } from './page-settings.js';

/** How long a browser has to fetch the page that it was sent to. */
const lifetime = seconds(60);

/**
 * Carries what a page must say of a form from the form's answer to the page (post, redirect, get): an answer to a POST cannot be shown
 * again by Back, Forward or reload without the form being sent again. A notice lives in a cookie of the page's own path, signed for this
 * browser, and is shown once. Its tag is in the address as well, so that another tab does not take it (ADR 45).
 */
@Injectable()
export class Notices {
  constructor(
    private readonly tokens: FormTokens,
    private readonly settings: PageSettings,
    private readonly clock: Clock,
  ) {}

  /** Keeps a notice for the page and returns the address that shows it. A notice never holds a password. */
  leave({ response, address, binding }: NoticePlace, notice: object): string {
    const tag = randomBytes(9).toString('base64url');
    const path = pathOf(address);
    const text = Buffer.from(JSON.stringify([this.clock.now(), notice])).toString('base64url');
    const value = `${text}.${this.tokens.issue('notice', path, tag, binding, text)}`;
    setCookie(response, this.settings, 'notice', { value, path, maxAge: lifetime });
    return `${address}${address.includes('?') ? '&' : '?'}notice=${tag}`;
  }

  /** Answers a form by sending the browser to the page that shows the notice, which a program need not fetch to learn when to try again. */
  sendTo(place: NoticePlace, notice: object, retryAfter?: Seconds): void {
    if (retryAfter !== undefined) place.response.setHeader('Retry-After', String(retryAfter));
    seeOther(place.response, this.leave(place, notice));
  }

  /** The notice that this request is to show, if there is one; it is gone afterwards. */
  take<Notice extends object>({ request, response, address, binding }: NoticePlace): Notice | undefined {
    const tag = new URLSearchParams(/\?(.*)$/.exec(request.url ?? '')?.[1]).get('notice');
    const path = pathOf(address);
    const [text = '', signature] = readCookieText(request, this.settings, 'notice', path)?.split('.') ?? [];
    if (tag === null || !this.tokens.verify(signature, 'notice', path, tag, binding, text)) return undefined;
    dropCookie(response, this.settings, 'notice', path);
    const [at, notice] = JSON.parse(Buffer.from(text, 'base64url').toString()) as [number, Notice];
    return this.clock.now() - at <= lifetime * 1000 ? notice : undefined;
  }
}

const pathOf = (address: string): string => address.split('?', 1)[0]!;
