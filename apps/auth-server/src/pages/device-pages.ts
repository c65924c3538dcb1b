import { html } from './html.js';
import { hidden, layout, type PageModel, problemNotice } from './layout.js';

/** The page on which a person types the code of a device. */
export interface DeviceCodePage extends PageModel {
  readonly action: string;
  readonly xsrf: string;
  readonly error?: string | undefined;
  readonly userCode?: string | undefined;
}

/** RFC 8628 §3.3: the person types the code that their device shows. */
export function deviceCodePage(page: DeviceCodePage): string {
  const content = html`<div class="card stack">
<div class="tight">
<h1>Connect a device</h1>
<p class="lead" id="explained">Enter the code that your device shows.</p>
</div>
${page.error && problemNotice(page.error)}
<form method="post" action="${page.action}" class="stack">
${hidden('xsrf', page.xsrf)}
<div class="field">
<label for="user_code">Code</label>
<input id="user_code" name="user_code" class="code" type="text" autocomplete="one-time-code" autocapitalize="characters" autocorrect="off" spellcheck="false" maxlength="64" required autofocus aria-describedby="${page.error && 'problem '}explained hint" value="${page.userCode}"${page.error && html` aria-invalid="true"`}>
<p class="hint" id="hint">Capital letters and dashes make no difference.</p>
</div>
<button class="full">Continue</button>
</form>
</div>`;
  return layout({ title: 'Connect a device', content, failed: Boolean(page.error), base: page.base });
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
export function deviceConfirmPage(page: DeviceConfirmPage): string {
  const { ip, ua } = page.deviceInfo ?? {};
  const content = html`<div class="card stack">
<div class="tight">
<h1>Is this your device?</h1>
<p class="lead"><strong>${page.clientName}</strong> wants to sign in with your account. The device in front of you must show exactly this code:</p>
</div>
<strong class="usercode"><code>${page.userCode}</code></strong>
${(ip || ua) && html`<dl class="facts">${ip && html`<dt>Address</dt><dd>${ip}</dd>`}${ua && html`<dt>Program</dt><dd>${ua}</dd>`}</dl>`}
<p class="quiet">If someone sent you this code, or you see no device showing it, do not continue: they would be signed in as you.</p>
<form method="post" action="${page.action}" class="actions">
${hidden('xsrf', page.xsrf)}
${hidden('user_code', page.userCode)}
<button class="plain" name="abort" value="yes">No, stop</button>
<button name="confirm" value="yes">Yes, continue</button>
</form>
</div>`;
  return layout({ title: 'Is this your device?', content, base: page.base });
}

/** RFC 8628 §3.3: the person said no, which is no fault of anybody. */
export function deviceStoppedPage(page: PageModel = {}): string {
  const content = html`<div class="card stack">
<div class="tight">
<h1>Stopped</h1>
<p class="lead">Nothing was connected. You can close this page.</p>
</div>
<p><a href="${page.base}/device">Enter another code</a></p>
</div>`;
  return layout({ title: 'Stopped', content, base: page.base });
}

/** The end of connecting a device. */
export interface DeviceDonePage extends PageModel {
  readonly clientName?: string | undefined;
}

/** The device will now find its tokens; there is nothing left to do here. */
export function deviceDonePage(page: DeviceDonePage = {}): string {
  const content = html`<div class="card stack">
<svg class="mark good" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><circle cx="12" cy="12" r="9.5"/><path d="m7.5 12.5 3 3 6-6.5"/></svg>
<div class="tight">
<h1>Device connected</h1>
<p class="lead">${page.clientName ? html`<strong>${page.clientName}</strong> is signed in.` : 'Your device is signed in.'} You can close this page and go back to it.</p>
</div>
<p class="quiet">You can end this at any time in <a href="${page.base}/sessions">your sessions</a>.</p>
</div>`;
  return layout({ title: 'Device connected', content, base: page.base });
}
