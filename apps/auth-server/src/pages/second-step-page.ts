import type { Instant } from '@curfew/session-policy';
import { encode } from 'uqr';
import { codeField } from './code-field.js';
import { type Html, html } from './html.js';
import { goodNotice, hidden, layout, type PageModel, problemNotice } from './layout.js';
import type { PasswordField } from './password-page.js';
import { sentOnce } from './sent-once.js';
import { ago } from './time-words.js';

/** The page of the second step at a sign-in. */
export interface SecondStepPage extends PageModel {
  readonly action: string;
  readonly csrf: string;
  /** The application that asked, or absent when the person came here directly. */
  readonly clientName?: string | undefined;
  /** Fields that prove the password of a moment ago; absent where the person is signed in already. */
  readonly proof?: Readonly<Record<string, string>> | undefined;
  readonly problem?: string | undefined;
}

/** Asks for a one-time code or a recovery code. */
export function secondStepPage(page: SecondStepPage): string {
  const content = html`<div class="card stack">
<div class="tight"><h1>Second step</h1>
${page.clientName && html`<p class="lead">to continue to <strong>${page.clientName}</strong></p>`}
</div>
${!page.proof && html`<p class="quiet">This needs more than your password.</p>`}
${page.problem && problemNotice(page.problem)}
<form method="post" action="${page.action}" class="stack">
${hidden('csrf', page.csrf)}${Object.entries(page.proof ?? {}).map(([name, value]) => hidden(name, value))}
${codeField({ isWrong: Boolean(page.problem), first: true, or: 'recovery' })}
<button class="full">Continue</button>
</form>
${
  page.clientName &&
  html`<form method="post" action="${page.action}">
${hidden('csrf', page.csrf)}
<button class="plain full" name="decision" value="cancel">Cancel and go back</button>
</form>`
}
</div>
${sentOnce}`;
  return layout({ title: 'Second step', content, failed: Boolean(page.problem), base: page.base });
}

interface AppInUse {
  readonly since: Instant;
  readonly lastUsedAt: Instant | null;
}

/** The page on which a person sets up, looks at and removes their second step. */
export interface SecondStepSettings extends PageModel {
  readonly action: string;
  readonly csrf: string;
  readonly username: string;
  readonly now: Instant;
  /** The app in use, if there is one. */
  readonly app: AppInUse | null;
  readonly recoveryCodes: number;
  readonly always: boolean;
  /** The secret of an app that is being set up. */
  readonly proposed: { readonly secret: string; readonly uri: string } | null;
  readonly problem?: { readonly field: PasswordField; readonly text: string } | undefined;
  readonly done?: 'removed' | 'always' | 'sometimes' | undefined;
}

/** Renders the settings of the second step. */
export function secondStepSettings(page: SecondStepSettings): string {
  const body = page.app ? inUse(page, page.app) : page.proposed ? setUp(page, page.proposed) : none(page);
  const content = html`<div class="heading"><h1>Second step</h1></div>
<div class="card stack">
${page.done && goodNotice(doneWords[page.done])}
${page.problem?.field === 'form' && problemNotice(page.problem.text)}
${body}
</div>`;
  const failed = Boolean(page.problem);
  return layout({ title: 'Second step', content, failed, navigation: 'second-step', base: page.base });
}

const doneWords = {
  removed: 'The second step is off.',
  always: 'You are asked for a code at every sign-in.',
  sometimes: 'You are asked for a code only where an application demands it.',
} as const;

const none = (
  page: SecondStepSettings,
): Html => html`<p class="quiet">An authenticator app shows a new code every 30 seconds. With one, your password alone is not enough to sign in as you.</p>
${form(
  page,
  html`${currentField(page)}
<button name="act" value="begin">Set up an authenticator app</button>`,
)}`;

const setUp = (
  page: SecondStepSettings,
  { secret, uri }: { secret: string; uri: string },
): Html => html`<ol class="stack steps">
<li>Scan this code with your authenticator app, or <a href="${uri}">open it on this device</a>.
<div class="qr">${drawQr(uri)}</div>
<p class="hint">Without a camera, type this key: <code class="key">${secret.match(/.{1,4}/g)!.join(' ')}</code></p></li>
<li>Enter the code that the app shows.</li>
</ol>
${form(
  page,
  html`${codeField({ isWrong: page.problem?.field === 'code', text: page.problem?.text, first: true })}
<button name="act" value="confirm">Turn on</button>`,
)}`;

const inUse = (page: SecondStepSettings, app: AppInUse): Html => html`<dl class="facts">
<dt>Authenticator app</dt><dd>set up ${ago(app.since, page.now)}</dd>
${app.lastUsedAt !== null && html`<dt>Last used</dt><dd>${ago(app.lastUsedAt, page.now)}</dd>`}
<dt>Recovery codes</dt><dd>${page.recoveryCodes} left</dd>
<dt>Asked</dt><dd>${page.always ? 'at every sign-in' : 'where an application demands it'}</dd>
</dl>
<p class="quiet">To change anything, show once more that it is you.</p>
${form(
  page,
  html`${currentField(page)}
${codeField({ isWrong: page.problem?.field === 'code', text: page.problem?.text, or: 'recovery' })}
<div class="actions">
<button class="plain" name="act" value="${page.always ? 'sometimes' : 'always'}">${page.always ? 'Ask only where it is demanded' : 'Ask at every sign-in'}</button>
<button class="plain" name="act" value="renew">New recovery codes</button>
<button class="ending" name="act" value="remove">Turn off</button>
</div>`,
)}`;

const form = (
  page: SecondStepSettings,
  fields: Html,
): Html => html`<form method="post" action="${page.action}" class="stack">
${hidden('csrf', page.csrf)}
<div class="field unseen" aria-hidden="true"><input type="text" autocomplete="username" readonly tabindex="-1" value="${page.username}"></div>
${fields}
</form>`;

const currentField = ({ problem }: SecondStepSettings): Html => {
  const wrong = problem?.field === 'current' ? problem.text : undefined;
  return html`<div class="field"><label for="current">Current password</label>
${wrong && html`<p class="problem" id="current-problem" role="alert">${wrong}</p>`}
<input id="current" name="current" type="password" autocomplete="current-password" required maxlength="1024"${wrong && html` aria-invalid="true" aria-describedby="current-problem" autofocus`}></div>`;
};

/** The recovery codes, which are shown once. */
export interface RecoveryCodesPage extends PageModel {
  readonly codes: readonly string[];
  /** Whether the app was set up just now. */
  readonly isNew: boolean;
}

/** Shows new recovery codes. */
export function recoveryCodesPage({ base, codes, isNew }: RecoveryCodesPage): string {
  const content = html`<div class="heading"><h1>Your recovery codes</h1></div>
<div class="card stack">
${isNew && goodNotice('The second step is on.')}
<p>Keep these codes where you find them without your phone. Each works once, in place of a code of your app. They are not shown again${!isNew && ', and the old ones work no more'}.</p>
<ul class="codes">${codes.map((code) => html`<li><code>${code}</code></li>`)}</ul>
<p><a class="button" href="${base}/second-step">I have kept them</a></p>
</div>`;
  return layout({ title: 'Your recovery codes', content, navigation: 'second-step', base });
}

/** A QR code as a drawing, with the quiet zone of four modules that readers need (ISO/IEC 18004 §5.3.8). */
function drawQr(text: string): Html {
  const { size, data } = encode(text, { border: 4 });
  const path = data
    .flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x},${y}h1v1h-1z`] : [])))
    .join('');
  return html`<svg viewBox="0 0 ${size} ${size}" role="img" aria-label="QR code for your authenticator app" shape-rendering="crispEdges"><rect width="${size}" height="${size}" fill="#fff"/><path d="${path}" fill="#000"/></svg>`;
}
