import type { DeviceProblem } from '@curfew/oidc';
import { html, type PageDocument, type PlainKey } from '@curfew/pages';
import { hidden, layout, type PageModel, problemNotice } from './layout.js';

/** The page on which a person types the code of a device. */
export interface DeviceCodePage extends PageModel {
  readonly action: string;
  readonly xsrf: string;
  readonly problem?: DeviceProblem | undefined;
  readonly userCode?: string | undefined;
}

/** The words for a code that is not taken (RFC 8628 §3.3). */
const problems = {
  not_found: 'device.code_not_found',
  expired: 'device.code_expired',
  used: 'device.code_used',
  missing: 'device.code_missing',
  too_many_attempts: 'device.code_too_many_attempts',
  failed: 'device.code_failed',
} as const satisfies Readonly<Record<DeviceProblem, PlainKey>>;

/** RFC 8628 §3.3: the person types the code that their device shows. */
export function deviceCodePage(page: DeviceCodePage): PageDocument {
  const { language, base, problem } = page;
  const { say } = language;
  const title = say('device.title');
  const content = html`<div class="card stack">
<div class="tight">
<h1>${title}</h1>
<p class="lead" id="explained">${say('device.lead')}</p>
</div>
${problem && problemNotice(say(problems[problem]))}
<form method="post" action="${page.action}" class="stack">
${hidden('xsrf', page.xsrf)}
<div class="field">
<label for="user_code">${say('device.code')}</label>
<input id="user_code" name="user_code" class="code" type="text" autocomplete="one-time-code" autocapitalize="characters" autocorrect="off" spellcheck="false" maxlength="64" required autofocus aria-describedby="${problem && 'problem '}explained hint" value="${page.userCode}"${problem && html` aria-invalid="true"`}>
<p class="hint" id="hint">${say('device.code_hint')}</p>
</div>
<button class="full">${say('page.continue')}</button>
</form>
</div>`;
  return layout({ title, content, failed: Boolean(problem), base, language, look: page.look });
}

/** The question whether the code is this device’s. */
export interface DeviceConfirmPage extends PageModel {
  readonly action: string;
  readonly xsrf: string;
  readonly clientName: string;
  readonly userCode: string;
  /** The network and user agent of the device's request for the code. */
  readonly deviceInfo?: { readonly ip?: string | undefined; readonly ua?: string | undefined } | undefined;
}

/** RFC 8628 §5.4: against remote phishing the person compares the code and says yes before anything is granted. */
export function deviceConfirmPage(page: DeviceConfirmPage): PageDocument {
  const { language, base, clientName } = page;
  const { say } = language;
  const title = say('device.confirm_title');
  const { ip, ua } = page.deviceInfo ?? {};
  const content = html`<div class="card stack">
<div class="tight">
<h1>${title}</h1>
<p class="lead">${say('device.confirm_lead', { application: html`<strong>${clientName}</strong>` })}</p>
</div>
<strong class="usercode"><code>${page.userCode}</code></strong>
${(ip || ua) && html`<dl class="facts">${ip && html`<dt>${say('device.address')}</dt><dd>${ip}</dd>`}${ua && html`<dt>${say('device.program')}</dt><dd>${ua}</dd>`}</dl>`}
<p class="quiet">${say('device.warning')}</p>
<form method="post" action="${page.action}" class="actions">
${hidden('xsrf', page.xsrf)}
${hidden('user_code', page.userCode)}
<button class="plain" name="abort" value="yes">${say('device.stop')}</button>
<button name="confirm" value="yes">${say('device.confirm')}</button>
</form>
</div>`;
  return layout({ title, content, base, language, look: page.look });
}

/** RFC 8628 §3.3: the person said no, which is no fault of anybody. */
export function deviceStoppedPage({ base, language, look }: PageModel): PageDocument {
  const { say } = language;
  const title = say('device.stopped');
  const content = html`<div class="card stack">
<div class="tight">
<h1>${title}</h1>
<p class="lead">${say('device.stopped_lead')}</p>
</div>
<p><a href="${base}/device">${say('device.another')}</a></p>
</div>`;
  return layout({ title, content, base, language, look });
}

/** The end of connecting a device. */
export interface DeviceDonePage extends PageModel {
  readonly clientName?: string | undefined;
}

/** The device will now find its tokens; there is nothing left to do here. */
export function deviceDonePage({ base, language, clientName, look }: DeviceDonePage): PageDocument {
  const { say } = language;
  const title = say('device.done');
  const signedIn = clientName
    ? say('device.done_application', { application: html`<strong>${clientName}</strong>` })
    : say('device.done_lead');
  const sessions = html`<a href="${base}/sessions">${say('device.end_sessions')}</a>`;
  const content = html`<div class="card stack">
<svg class="mark good" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><circle cx="12" cy="12" r="9.5"/><path d="m7.5 12.5 3 3 6-6.5"/></svg>
<div class="tight">
<h1>${title}</h1>
<p class="lead">${signedIn}</p>
</div>
<p class="quiet">${say('device.end', { sessions })}</p>
</div>`;
  return layout({ title, content, base, language, look });
}
