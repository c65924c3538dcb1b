import { type Html, html, type PageDocument } from '@curfew/pages';
import { codeField } from './code-field.js';
import { hidden, layout, logoOf, type PageModel, problemNotice } from './layout.js';
import { type PasskeyOffer, passkeyButton, passkeyScriptOf } from './passkey-script.js';
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
  /** The kinds of second factors that answer. */
  readonly answering: readonly ('totp' | 'passkey')[];
  /** Whether a code is taken: one of the app, or a recovery code. */
  readonly takesCode: boolean;
  /** For how many days this browser can be remembered after it; absent or 0 for not at all. */
  readonly rememberedDays?: number | undefined;
  readonly passkey?: PasskeyOffer;
}

/** Asks for a passkey, a one-time code or a recovery code, of those that the person has. */
export function secondStepPage(page: SecondStepPage): PageDocument {
  const { language, base, clientName } = page;
  const { say } = language;
  const title = say('second_step.title');
  const offer = page.answering.includes('passkey') ? page.passkey : undefined;
  const or = page.answering.includes('totp') ? 'recovery' : 'only-recovery';
  const link = html`<a href="${base}/second-step">${say('second_step.lost_link')}</a>`;
  const content = html`<div class="card stack">
${logoOf(page)}
<div class="tight"><h1>${title}</h1>
${clientName && html`<p class="lead">${say('sign_in.for', { application: html`<strong>${clientName}</strong>` })}</p>`}
</div>
${!page.proof && html`<p class="quiet">${say(page.takesCode ? 'second_step.needed' : 'second_step.passkey_needed')}</p>`}
${page.problem && problemNotice(page.problem)}
<form method="post" action="${page.action}" class="stack">
${hidden('csrf', page.csrf)}${Object.entries(page.proof ?? {}).map(([name, value]) => hidden(name, value))}
${passkeyButton(offer, language)}
${Boolean(page.rememberedDays) && trust(page)}
${
  page.takesCode &&
  html`${codeField(language, { isWrong: Boolean(page.problem), first: !offer, or })}
<button class="${offer ? 'plain full' : 'full'}">${say('page.continue')}</button>`
}
</form>
${!page.takesCode && html`<p class="hint">${say('second_step.lost', { link })}</p>`}
${
  clientName &&
  html`<form method="post" action="${page.action}">
${hidden('csrf', page.csrf)}
<button class="plain full" name="decision" value="cancel">${say('page.cancel')}</button>
</form>`
}
</div>
${sentOnce}${passkeyScriptOf(offer, base)}`;
  return layout({ title, content, failed: Boolean(page.problem), base, language, look: page.look });
}

const trust = ({ language, rememberedDays = 0 }: SecondStepPage): Html =>
  html`<label class="check"><input type="checkbox" name="trust" value="yes"><span>${language.count('second_step.trust', rememberedDays)}<br><span class="hint">${language.say('second_step.trust_hint')}</span></span></label>`;
