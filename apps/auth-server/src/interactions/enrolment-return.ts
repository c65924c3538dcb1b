import type { IncomingMessage, ServerResponse } from 'node:http';
import { seconds } from '@curfew/session-policy';
import { Injectable } from '@nestjs/common';
import { dropCookie, readCookieText, setCookie } from './cookies.js';
import { PageSettings } from './page-settings.js';

/** The id of an interaction. */
const isUid = (value: unknown): value is string => typeof value === 'string' && /^[\w-]{43}$/.test(value);

const purpose = 'enrolment';

/** Seconds for which the way back is kept, which is as long as an interaction lives. */
const keptFor = seconds(3600);

/**
 * The way back to the sign-in from which a person was led to set up a second factor: the id of its interaction, in a cookie. It opens nothing
 * by itself, because an interaction is bound to its browser by a cookie of its own.
 */
@Injectable()
export class EnrolmentReturn {
  constructor(private readonly settings: PageSettings) {}

  /** The address of the settings that lead back to this interaction. */
  leading(uid: string): string {
    return `${this.settings.base}/second-step?${new URLSearchParams({ back: uid })}`;
  }

  /** Keeps the way back that the address of the settings names, and says where it leads. */
  keep(back: unknown, request: IncomingMessage, response: ServerResponse): string | undefined {
    if (!isUid(back)) return this.address(request);
    setCookie(response, this.settings, purpose, { value: back, maxAge: keptFor });
    return this.addressOf(back);
  }

  /** The sign-in to go back to, if there is one. */
  address(request: IncomingMessage): string | undefined {
    const kept = readCookieText(request, this.settings, purpose);
    return isUid(kept) ? this.addressOf(kept) : undefined;
  }

  /** Forgets the way back: the person has gone it. */
  forget(response: ServerResponse): void {
    dropCookie(response, this.settings, purpose, '/');
  }

  private addressOf(uid: string): string {
    return `${this.settings.base}/interaction/${uid}`;
  }
}
