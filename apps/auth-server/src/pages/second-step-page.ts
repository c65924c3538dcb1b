import { ago, type Html, html, type Language, type PageDocument, type PlainKey } from '@curfew/pages';
import type { Instant } from '@curfew/session-policy';
import { encode } from 'uqr';
import { codeField } from './code-field.js';
import { goodNotice, hidden, layout, logoOf, type PageModel, problemNotice } from './layout.js';
import { passwordInput, revealing } from './password-input.js';
import type { PasswordProblem } from './password-page.js';
import { sentOnce } from './sent-once.js';

/** The page of the second step at a sign-in. */
export interface SecondStepPage extends PageModel {
  readonly action: string;
  readonly csrf: string;
  /** The application that asked, or absent when the person came here directly. */
  readonly clientName?: string | undefined;
  /** Fields that prove the password of a moment ago; absent where the person is signed in already. */
  readonly proof?: Readonly<Record<string, string>> | undefined;
  readonly problem?: Html | undefined;
}

/** Asks for a one-time code or a recovery code. */
export function secondStepPage(page: SecondStepPage): PageDocument {
  const { language, base, clientName } = page;
  const { say } = language;
  const title = say('second_step.title');
  const content = html`<div class="card stack">
${logoOf(page)}
<div class="tight"><h1>${title}</h1>
${clientName && html`<p class="lead">${say('sign_in.for', { application: html`<strong>${clientName}</strong>` })}</p>`}
</div>
${!page.proof && html`<p class="quiet">${say('second_step.needed')}</p>`}
${page.problem && problemNotice(page.problem)}
<form method="post" action="${page.action}" class="stack">
${hidden('csrf', page.csrf)}${Object.entries(page.proof ?? {}).map(([name, value]) => hidden(name, value))}
${codeField(language, { isWrong: Boolean(page.problem), first: true, or: 'recovery' })}
<button class="full">${say('page.continue')}</button>
</form>
${
  clientName &&
  html`<form method="post" action="${page.action}">
${hidden('csrf', page.csrf)}
<button class="plain full" name="decision" value="cancel">${say('page.cancel')}</button>
</form>`
}
</div>
${sentOnce}`;
  return layout({ title, content, failed: Boolean(page.problem), base, language, look: page.look });
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
  readonly problem?: PasswordProblem | undefined;
  readonly done?: 'removed' | 'always' | 'sometimes' | undefined;
}

/** Renders the settings of the second step. */
export function secondStepSettings(page: SecondStepSettings): PageDocument {
  const { language, base } = page;
  const { say } = language;
  const title = say('second_step.title');
  const body = page.app ? inUse(page, page.app) : page.proposed ? setUp(page, page.proposed) : none(page);
  const content = html`<div class="heading"><h1>${title}</h1></div>
<div class="card stack">
${page.done && goodNotice(say(doneWords[page.done]))}
${page.problem?.field === 'form' && problemNotice(page.problem.text)}
${body}
</div>
${revealing}`;
  const failed = Boolean(page.problem);
  return layout({ title, content, failed, navigation: 'second-step', base, language });
}

const doneWords = {
  removed: 'factor.off',
  always: 'factor.always',
  sometimes: 'factor.sometimes',
} as const satisfies Readonly<Record<string, PlainKey>>;

const none = (page: SecondStepSettings): Html => html`<p class="quiet">${page.language.say('factor.lead')}</p>
${form(
  page,
  html`${currentField(page)}
<button name="act" value="begin">${page.language.say('factor.begin')}</button>`,
)}`;

function setUp(page: SecondStepSettings, { secret, uri }: { secret: string; uri: string }): Html {
  const { language, problem } = page;
  const { say } = language;
  const link = html`<a href="${uri}">${say('factor.scan_link')}</a>`;
  const key = html`<code class="key">${secret.match(/.{1,4}/g)!.join(' ')}</code>`;
  return html`<ol class="stack steps">
<li>${say('factor.scan', { link })}
<div class="qr">${drawQr(language, uri)}</div>
<p class="hint">${say('factor.type_key', { key })}</p></li>
<li>${say('factor.enter_code')}</li>
</ol>
${form(
  page,
  html`${codeField(language, { isWrong: problem?.field === 'code', text: problem?.text, first: true })}
<button name="act" value="confirm">${say('factor.confirm')}</button>`,
)}`;
}

function inUse(page: SecondStepSettings, app: AppInUse): Html {
  const { language, now, problem, always } = page;
  const { say } = language;
  return html`<dl class="facts">
<dt>${say('factor.app')}</dt><dd>${say('factor.since', { time: ago(language, app.since, now) })}</dd>
${app.lastUsedAt !== null && html`<dt>${say('factor.last_used')}</dt><dd>${ago(language, app.lastUsedAt, now)}</dd>`}
<dt>${say('factor.codes')}</dt><dd>${say('factor.codes_left', { count: page.recoveryCodes })}</dd>
<dt>${say('factor.asked')}</dt><dd>${say(always ? 'factor.asked_always' : 'factor.asked_sometimes')}</dd>
</dl>
<p class="quiet">${say('factor.prove')}</p>
${form(
  page,
  html`${currentField(page)}
${codeField(language, { isWrong: problem?.field === 'code', text: problem?.text, or: 'recovery' })}
<div class="actions">
<button class="plain" name="act" value="${always ? 'sometimes' : 'always'}">${say(always ? 'factor.ask_sometimes' : 'factor.ask_always')}</button>
<button class="plain" name="act" value="renew">${say('factor.renew')}</button>
<button class="ending" name="act" value="remove">${say('factor.remove')}</button>
</div>`,
)}`;
}

const form = (
  page: SecondStepSettings,
  fields: Html,
): Html => html`<form method="post" action="${page.action}" class="stack">
${hidden('csrf', page.csrf)}
<div class="field unseen" aria-hidden="true"><input type="text" autocomplete="username" readonly tabindex="-1" value="${page.username}"></div>
${fields}
</form>`;

const currentField = ({ problem, language }: SecondStepSettings): Html => {
  const { say } = language;
  const wrong = problem?.field === 'current' ? problem.text : undefined;
  return html`<div class="field"><label for="current">${say('field.current_password')}</label>
${wrong && html`<p class="problem" id="current-problem" role="alert">${wrong}</p>`}
${passwordInput(
  language,
  html` id="current" name="current" autocomplete="current-password"${wrong && html` aria-invalid="true" aria-describedby="current-problem" autofocus`}`,
)}</div>`;
};

/** The recovery codes, which are shown once. */
export interface RecoveryCodesPage extends PageModel {
  readonly codes: readonly string[];
  /** Whether the app was set up just now. */
  readonly isNew: boolean;
}

/** Shows new recovery codes. */
export function recoveryCodesPage({ base, language, codes, isNew }: RecoveryCodesPage): PageDocument {
  const { say } = language;
  const title = say('recovery.title');
  const content = html`<div class="heading"><h1>${title}</h1></div>
<div class="card stack">
${isNew && goodNotice(say('factor.on'))}
<p>${say('recovery.lead')} ${say(isNew ? 'recovery.once' : 'recovery.once_renewed')}</p>
<ul class="codes">${codes.map((code) => html`<li><code>${code}</code></li>`)}</ul>
<p><a class="button" href="${base}/second-step">${say('recovery.kept')}</a></p>
</div>`;
  return layout({ title, content, navigation: 'second-step', base, language });
}

/** A QR code as a drawing, with the quiet zone of four modules that readers need (ISO/IEC 18004 §5.3.8). */
function drawQr({ say }: Language, text: string): Html {
  const { size, data } = encode(text, { border: 4 });
  const path = data
    .flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x},${y}h1v1h-1z`] : [])))
    .join('');
  return html`<svg viewBox="0 0 ${size} ${size}" role="img" aria-label="${say('factor.qr')}" shape-rendering="crispEdges"><rect width="${size}" height="${size}" fill="#fff"/><path d="${path}" fill="#000"/></svg>`;
}
