import type { InteractionDetails } from './interaction-details.js';
import type { PublicWords } from './refusals/error-cause.js';

/** What a page of the protocol answers with. */
export interface Page {
  readonly html: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What the pages show that answers of the protocol consist of; the app that talks to people draws them. */
export abstract class ProtocolPages {
  /** The page on which a person signs in or consents. */
  abstract interaction(details: InteractionDetails): Promise<Page>;
  /** `leadsOut`: whether the answer to the form may take the browser to an application. */
  abstract logout(page: {
    action: string;
    xsrf: string;
    clientName?: string | undefined;
    leadsOut: boolean;
  }): Page;
  abstract loggedOut(page: { clientName?: string | undefined; stayed: boolean }): Page;
  abstract deviceCode(page: {
    action: string;
    xsrf: string;
    error?: string | undefined;
    userCode?: string | undefined;
  }): Page;
  abstract deviceConfirm(page: {
    action: string;
    xsrf: string;
    clientName: string;
    userCode: string;
    deviceInfo?: { ip?: string; ua?: string } | undefined;
  }): Page;
  abstract deviceDone(page: { clientName?: string | undefined }): Page;
  abstract deviceStopped(): Page;
  /** A form that submits itself where scripts run. `leadsOut`: as for `logout`. */
  abstract onward(page: {
    to: 'device' | 'sign_out' | 'signing_out' | 'application';
    action: string;
    fields: Readonly<Record<string, string>>;
    leadsOut: boolean;
  }): Page;
  /** `advice` tells the developer of a client what is wrong; it may repeat what was sent. */
  abstract error(page: {
    words: PublicWords;
    requestId?: string | undefined;
    advice?: string | undefined;
  }): Page;
}
