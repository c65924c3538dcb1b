import { type InteractionDetails, type Page, ProtocolPages } from '@curfew/oidc';
import {
  deviceCodePage,
  deviceConfirmPage,
  deviceDonePage,
  deviceStoppedPage,
  errorPage,
  loggedOutPage,
  logoutPage,
  onwardPage,
  onwardScript,
  pageHeaders,
  sentOnceScript,
} from '../pages/index.js';
import type { InteractionPages } from './interaction-pages.js';
import type { PageSettings } from './page-settings.js';

/** The pages that answers of the protocol consist of: the first one of an authorization, sign-out, device codes, errors without a client to tell. */
export class PagesOfProtocol extends ProtocolPages {
  constructor(
    private readonly settings: PageSettings,
    private readonly interactions: InteractionPages,
  ) {
    super();
  }

  override async interaction(details: InteractionDetails): Promise<Page> {
    const { leadsOut } = details;
    return {
      html: await this.interactions.draw(details),
      headers: pageHeaders({ leadsOut, scripts: [sentOnceScript] }),
    };
  }

  override logout({ leadsOut, ...page }: Parameters<ProtocolPages['logout']>[0]): Page {
    return this.sent(logoutPage({ ...page, base: this.settings.base }), leadsOut);
  }

  override loggedOut(page: { clientName?: string | undefined; stayed: boolean }): Page {
    return this.sent(loggedOutPage({ ...page, base: this.settings.base }));
  }

  override deviceCode(page: {
    action: string;
    xsrf: string;
    error?: string | undefined;
    userCode?: string | undefined;
  }): Page {
    return this.sent(deviceCodePage({ ...page, base: this.settings.base }));
  }

  override deviceConfirm(page: {
    action: string;
    xsrf: string;
    clientName: string;
    userCode: string;
    deviceInfo?: { ip?: string; ua?: string } | undefined;
  }): Page {
    return this.sent(deviceConfirmPage({ ...page, base: this.settings.base }));
  }

  override deviceDone(page: { clientName?: string | undefined }): Page {
    return this.sent(deviceDonePage({ ...page, base: this.settings.base }));
  }

  override deviceStopped(): Page {
    return this.sent(deviceStoppedPage({ base: this.settings.base }));
  }

  override onward({ leadsOut, ...page }: Parameters<ProtocolPages['onward']>[0]): Page {
    return {
      html: onwardPage({ ...page, base: this.settings.base }),
      headers: pageHeaders({ leadsOut, scripts: [onwardScript] }),
    };
  }

  override error({
    status,
    error,
    requestId,
  }: {
    status: number;
    error: string;
    requestId?: string | undefined;
  }): Page {
    const [title, message] =
      words.get(error) ?? words.get(status >= 500 ? 'server_error' : 'invalid_request')!;
    return this.sent(errorPage({ title, message, requestId, base: this.settings.base }));
  }

  private sent(html: string, leadsOut = false): Page {
    return { html, headers: pageHeaders({ leadsOut }) };
  }
}

type Words = readonly [title: string, message: string];

const notKnown: Words = [
  'This application is not known here',
  'The address you came by does not belong to an application that may sign people in here. Tell whoever runs the application.',
];

/** What OAuth's error codes mean to a person; none of them repeats what was sent. */
const words: ReadonlyMap<string, Words> = new Map<string, Words>([
  [
    'invalid_request',
    [
      'This request cannot be answered',
      'It is damaged or has expired. Go back to the application and start again; if that does not help, tell whoever runs it.',
    ],
  ],
  ['invalid_client', notKnown],
  ['unauthorized_client', notKnown],
  ['invalid_redirect_uri', notKnown],
  ['access_denied', ['Access was denied', 'Nothing was allowed. You can close this page.']],
  [
    'temporarily_unavailable',
    ['We cannot answer right now', 'Nothing was changed. Try again in a few seconds.'],
  ],
  [
    'server_error',
    ['Something went wrong', 'It is our fault, not yours. Nothing was changed; try again in a moment.'],
  ],
]);
