import type { IncomingMessage } from 'node:http';
import {
  type DeviceNotice,
  type InteractionDetails,
  type NoticePlace,
  type Page,
  type PageRequest,
  ProtocolPages,
} from '@curfew/oidc';
import {
  languageTags,
  type PageDocument,
  type PageHeaders,
  type PageModel,
  pageHeaders,
} from '@curfew/pages';
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
  pageScripts,
} from '../pages/index.js';
import type { InteractionPages } from './interaction-pages.js';
import type { Notices } from './notices.js';
import type { PageSettings } from './page-settings.js';

/** The pages that answers of the protocol consist of: the first one of an authorization, sign-out, device codes, errors without a client to tell. */
export class PagesOfProtocol extends ProtocolPages {
  override readonly languages = languageTags;

  constructor(
    private readonly settings: PageSettings,
    private readonly interactions: InteractionPages,
    private readonly notices: Notices,
  ) {
    super();
  }

  override async interaction(details: InteractionDetails, request: IncomingMessage): Promise<Page> {
    const leadsOut = details.leadsOut || this.interactions.leadsElsewhere(details);
    const scripts = [...pageScripts, ...this.settings.passkeyScripts];
    return sent(await this.interactions.draw(details, request), { leadsOut, scripts });
  }

  override logout({ leadsOut, ...page }: Parameters<ProtocolPages['logout']>[0], asked: PageRequest): Page {
    return sent(logoutPage({ ...page, ...this.model(asked) }), { leadsOut });
  }

  override loggedOut(page: Parameters<ProtocolPages['loggedOut']>[0], asked: PageRequest): Page {
    return sent(loggedOutPage({ ...page, ...this.model(asked) }));
  }

  override deviceCode(page: Parameters<ProtocolPages['deviceCode']>[0], asked: PageRequest): Page {
    return sent(deviceCodePage({ ...page, ...this.model(asked) }));
  }

  override deviceConfirm(page: Parameters<ProtocolPages['deviceConfirm']>[0], asked: PageRequest): Page {
    return sent(deviceConfirmPage({ ...page, ...this.model(asked) }));
  }

  override deviceDone({ clientName }: { clientName?: string | undefined }, asked: PageRequest): Page {
    return sent(deviceDonePage({ clientName, ...this.model(asked) }));
  }

  override deviceStopped(asked: PageRequest): Page {
    return sent(deviceStoppedPage(this.model(asked)));
  }

  override leaveNotice(place: NoticePlace, notice: DeviceNotice): string {
    return this.notices.leave(place, notice);
  }

  override takeNotice(place: NoticePlace): DeviceNotice | undefined {
    return this.notices.take<DeviceNotice>(place);
  }

  override onward({ leadsOut, ...page }: Parameters<ProtocolPages['onward']>[0], asked: PageRequest): Page {
    return sent(onwardPage({ ...page, ...this.model(asked) }), { leadsOut, scripts: [onwardScript] });
  }

  override error(page: Parameters<ProtocolPages['error']>[0], asked: PageRequest): Page {
    return sent(errorPage({ ...page, ...this.model(asked) }));
  }

  private model({ request, uiLocales }: PageRequest): PageModel {
    return this.settings.pageFor(request, uiLocales);
  }
}

const sent = ({ markup, language }: PageDocument, headers: Omit<PageHeaders, 'language'> = {}): Page => ({
  html: markup,
  headers: pageHeaders({ language, ...headers }),
});
