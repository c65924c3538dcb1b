import { ago, type Html, html, type PageDocument } from '@curfew/pages';
import type { Instant } from '@curfew/session-policy';
import { codeField } from './code-field.js';
import { goodNotice, hidden, layout, type PageModel, problemNotice } from './layout.js';
import { type PasskeyOffer, passkeyButton, passkeyScriptOf } from './passkey-script.js';
import { revealing } from './password-input.js';
import type { PasswordPage, PasswordProblem } from './password-page.js';
import { currentField } from './second-step-settings.js';
import { sentOnce } from './sent-once.js';

/** A sign-in elsewhere that is linked to the account. */
export interface IdentityEntry {
  /** The name of its provider, or its address where that is not offered any more. */
  readonly name: string;
  readonly since: Instant;
  readonly lastUsedAt: Instant | null;
}

/** A change that the page offers, as its form names it. */
export interface IdentityChange {
  readonly act: string;
  readonly kind: 'link' | 'unlink';
  readonly name: string;
}

/** The changes that the page tells of once they are made. */
export const identityChangesDone = ['linked', 'unlinked'] as const;
type IdentityChangeDone = (typeof identityChangesDone)[number];

/** The page on which a person links sign-ins with other identity providers to their account. */
export interface IdentitiesPage extends PageModel {
  readonly action: string;
  readonly csrf: string;
  readonly username: string;
  readonly now: Instant;
  readonly identities: readonly IdentityEntry[];
  readonly changes: readonly IdentityChange[];
  readonly asksCode: PasswordPage['asksCode'];
  readonly passkey?: PasskeyOffer;
  readonly problem?: PasswordProblem | undefined;
  readonly done?: IdentityChangeDone | undefined;
  /** Whether the person has a password or a passkey here, with which they can show that it is them. */
  readonly canProve: boolean;
}

/** Renders the page. */
export function identitiesPage(page: IdentitiesPage): PageDocument {
  const { base, language, look, problem, identities, changes, done } = page;
  const { say } = language;
  const title = say('identities.title');
  const content = html`<div class="heading"><h1>${title}</h1></div>
<div class="card stack">
${done && goodNotice(say(`identities.${done}`))}
${problem?.field === 'form' && problemNotice(problem.text)}
${identities.length === 0 ? html`<p>${say('identities.none')}</p>` : html`<ul>${identities.map((one) => entry(page, one))}</ul>`}
${changes.length > 0 && (page.canProve ? form(page) : html`<p class="quiet">${say('identities.no_proof')}</p>`)}
</div>
${sentOnce}${revealing}${passkeyScriptOf(page.passkey, base)}`;
  return layout({ title, content, failed: Boolean(problem), navigation: 'home', base, language, look });
}

function entry({ language, now }: IdentitiesPage, { name, since, lastUsedAt }: IdentityEntry): Html {
  const { say } = language;
  const linked = say('identities.since', {
    name: html`<strong>${name}</strong>`,
    time: ago(language, since, now),
  });
  const used = lastUsedAt !== null && say('identities.used', { time: ago(language, lastUsedAt, now) });
  return html`<li>${linked} ${used}</li>`;
}

function form(page: IdentitiesPage): Html {
  const { language, problem, changes } = page;
  const { say } = language;
  const choice = ({ act, kind, name }: IdentityChange, at: number): Html =>
    html`<label class="check"><input type="radio" name="act" value="${act}"${at === 0 && html` checked`}><span>${say(`identities.${kind}`, { name })}</span></label>`;
  return html`<p class="quiet">${say('identities.lead')}</p>
<form method="post" action="${page.action}" class="stack">
${hidden('csrf', page.csrf)}
<div class="field unseen" aria-hidden="true"><input type="text" autocomplete="username" readonly tabindex="-1" value="${page.username}"></div>
<fieldset class="tight"><legend class="quiet">${say('identities.choose')}</legend>${changes.map(choice)}</fieldset>
${currentField(page)}
${page.asksCode && codeField(language, { isWrong: problem?.field === 'code', text: problem?.text, or: page.asksCode })}
<button>${say('page.continue')}</button>
${passkeyButton(page.passkey, language, { plain: true })}
</form>`;
}
