import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PublicWords } from '@curfew/token-endpoint';
import type { InteractionDetails } from './interaction-details.js';

/** The request that a page answers; the language of the page follows from it. */
export interface PageRequest {
  readonly request: IncomingMessage;
  /** The languages that the application asks for (OpenID Connect Core §3.1.2.1), best first and separated by spaces. */
  readonly uiLocales?: string | undefined;
}

/** The response of a page of the protocol. */
export interface Page {
  readonly html: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Every reason for which a device's code is not taken. */
export type DeviceProblem = 'not_found' | 'expired' | 'used' | 'missing' | 'too_many_attempts' | 'failed';

/** The result of the form of a device's code, for the page that the browser is sent to. */
export type DeviceNotice =
  | {
      readonly page: 'code';
      readonly problem: DeviceProblem;
      readonly userCode?: string | undefined;
      readonly status: number;
      readonly retryAfter?: number;
    }
  | {
      readonly page: 'confirm';
      readonly clientName: string;
      readonly userCode: string;
      readonly deviceInfo?: { ip?: string; ua?: string } | undefined;
    }
  | { readonly page: 'done'; readonly clientName?: string | undefined }
  | { readonly page: 'stopped' };

/** The page that a form leads back to, and the value of its browser that ties a notice to it. */
export interface NoticePlace {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The address of the page, with the issuer's own path. */
  readonly address: string;
  readonly binding: string;
}

/** The pages that responses of the protocol consist of; the app that talks to people draws them. */
export abstract class ProtocolPages {
  /** The languages that the pages are written in, as the metadata names them. */
  abstract readonly languages: readonly string[];
  /** The page on which a person signs in or consents. */
  abstract interaction(details: InteractionDetails, request: IncomingMessage): Promise<Page>;
  /** `leadsOut`: whether the answer to the form may take the browser to an application. */
  abstract logout(
    page: { action: string; xsrf: string; clientName?: string | undefined; leadsOut: boolean },
    asked: PageRequest,
  ): Page;
  abstract loggedOut(page: { clientName?: string | undefined; stayed: boolean }, asked: PageRequest): Page;
  abstract deviceCode(
    page: {
      action: string;
      xsrf: string;
      problem?: DeviceProblem | undefined;
      userCode?: string | undefined;
    },
    asked: PageRequest,
  ): Page;
  abstract deviceConfirm(
    page: {
      action: string;
      xsrf: string;
      clientName: string;
      userCode: string;
      deviceInfo?: { ip?: string; ua?: string } | undefined;
    },
    asked: PageRequest,
  ): Page;
  abstract deviceDone(page: { clientName?: string | undefined }, asked: PageRequest): Page;
  abstract deviceStopped(asked: PageRequest): Page;
  /** Keeps a notice for the page that follows a form, and returns the address that shows it. */
  abstract leaveNotice(place: NoticePlace, notice: DeviceNotice): string;
  /** The notice that a request is to show, if there is one; it is gone afterwards. */
  abstract takeNotice(place: NoticePlace): DeviceNotice | undefined;
  /** A form that submits itself where scripts run. `leadsOut`: as for `logout`. */
  abstract onward(
    page: {
      to: 'device' | 'sign_out' | 'signing_out' | 'application';
      action: string;
      fields: Readonly<Record<string, string>>;
      leadsOut: boolean;
    },
    asked: PageRequest,
  ): Page;
  /** `advice` tells the developer of a client what is wrong; it may repeat what was sent. */
  abstract error(
    page: { words: PublicWords; requestId?: string | undefined; advice?: string | undefined },
    asked: PageRequest,
  ): Page;
}
