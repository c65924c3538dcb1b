import {
  type DeviceNotice,
  type InteractionDetails,
  type NoticePlace,
  type Page,
  ProtocolPages,
} from '@curfew/oidc';
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
import type { Notices } from './notices.js';
import type { PageSettings } from './page-settings.js';

/** The pages that answers of the protocol consist of: the first one of an authorization, sign-out, device codes, errors without a client to tell. */
export class PagesOfProtocol extends ProtocolPages {
  constructor(
    private readonly settings: PageSettings,
    private readonly interactions: InteractionPages,
    private readonly notices: Notices,
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

  override leaveNotice(place: NoticePlace, notice: DeviceNotice): string {
    return this.notices.leave(place, notice);
  }

  override takeNotice(place: NoticePlace): DeviceNotice | undefined {
    return this.notices.take<DeviceNotice>(place);
  }

  override onward({ leadsOut, ...page }: Parameters<ProtocolPages['onward']>[0]): Page {
    return {
      html: onwardPage({ ...page, base: this.settings.base }),
      headers: pageHeaders({ leadsOut, scripts: [onwardScript] }),
    };
  }

  override error({ words, ...page }: Parameters<ProtocolPages['error']>[0]): Page {
    const { title, text: message } = words;
    return this.sent(errorPage({ title, message, ...page, base: this.settings.base }));
  }

  private sent(html: string, leadsOut = false): Page {
    return { html, headers: pageHeaders({ leadsOut }) };
  }
}
