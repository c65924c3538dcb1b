import type { SecondFactor } from '@curfew/accounts';
import { ago, ahead, type Html, html, type PageDocument } from '@curfew/pages';
import { appSection } from './authenticator-app.js';
import { codeField, codeOfProof } from './code-field.js';
import { goodNotice, hidden, layout, problemNotice } from './layout.js';
import { passkeyButton, passkeyScriptOf } from './passkey-script.js';
import { passkeySection } from './passkey-settings.js';
import { passwordInput, revealing } from './password-input.js';
import {
  doneWords,
  type RememberedEntry,
  type SecondStepDone,
  type SecondStepSettings,
} from './second-step-model.js';
import { sentOnce } from './sent-once.js';

/** The change that a text from an address names; undefined for any other text. */
export const secondStepDone = (text: unknown): SecondStepDone | undefined =>
  typeof text === 'string' && Object.hasOwn(doneWords, text) ? (text as SecondStepDone) : undefined;

/** Renders the settings of the second step. */
export function secondStepSettings(page: SecondStepSettings): PageDocument {
  const { language, base } = page;
  const { say } = language;
  const title = say('second_step.title');
  const content = html`<div class="heading"><h1>${title}</h1></div>
${page.done && goodNotice(say(doneWords[page.done]))}
${page.problem?.field === 'form' && problemNotice(page.problem.text)}
${page.goOn && hasAny(page) && html`<p><a class="button" href="${page.goOn}">${say('enrol.go_on')}</a></p>`}
${page.proof ? changes(page) : overview(page)}
${page.remembered.length > 0 && rememberedSection(page)}
${sentOnce}${revealing}${passkeyScriptOf(page.passkey, base)}`;
  const failed = Boolean(page.problem);
  return layout({ title, content, failed, navigation: 'second-step', base, language, look: page.look });
}

const factorsOf = ({ app, passkeys }: SecondStepSettings): SecondFactor[] => [
  ...(app === null ? [] : (['totp'] as const)),
  ...passkeys.map(() => 'passkey' as const),
];

const hasAny = (page: SecondStepSettings): boolean => factorsOf(page).length > 0;

/** Shows the factors, and a form to prove oneself before anything is changed. */
function overview(page: SecondStepSettings): Html {
  const { language, problem, passkeys } = page;
  const { say } = language;
  const or = codeOfProof(factorsOf(page));
  return html`<div class="card stack">
${hasAny(page) ? facts(page) : html`<p class="quiet">${say('factor.none')}</p>`}
<form method="post" action="${page.action}" class="stack">
${hidden('csrf', page.csrf)}${hidden('act', 'prove')}
<div class="field unseen" aria-hidden="true"><input type="text" autocomplete="username" readonly tabindex="-1" value="${page.username}"></div>
${passkeys.length > 0 && passkeyButton(page.passkey, language)}
${currentField(page)}
${or && codeField(language, { isWrong: problem?.field === 'code', text: problem?.text, or })}
<button${passkeys.length > 0 && html` class="plain"`}>${say('page.continue')}</button>
</form>
</div>`;
}

function facts({ language, now, app, passkeys, recoveryCodes, always }: SecondStepSettings): Html {
  const { say } = language;
  const none = say('factor.no_such');
  return html`<dl class="facts">
<dt>${say('factor.app')}</dt><dd>${app ? say('factor.since', { time: ago(language, app.since, now) }) : none}</dd>
${app && app.lastUsedAt !== null && html`<dt>${say('factor.last_used')}</dt><dd>${ago(language, app.lastUsedAt, now)}</dd>`}
<dt>${say('passkey.title')}</dt><dd>${passkeys.length === 0 ? none : passkeys.map(({ name }) => name).join(', ')}</dd>
<dt>${say('factor.codes')}</dt><dd>${say('factor.codes_left', { count: recoveryCodes })}</dd>
<dt>${say('factor.asked')}</dt><dd>${say(always ? 'factor.asked_always' : 'factor.asked_sometimes')}</dd>
</dl>
<p class="quiet">${say('factor.prove')}</p>`;
}

/** Offers the changes to a person who has just proved who they are. */
function changes(page: SecondStepSettings): Html {
  const { always, language, recoveryCodes } = page;
  const { say } = language;
  const proof = Object.entries(page.proof ?? {}).map(([name, value]) => hidden(name, value));
  const form = (
    act: string,
    fields: Html,
  ): Html => html`<form method="post" action="${page.action}" class="stack">
${hidden('csrf', page.csrf)}${hidden('act', act)}${proof}
${fields}
</form>`;
  const section = (id: string, title: Html, content: Html): Html =>
    html`<section class="card stack" aria-labelledby="${id}"><h2 id="${id}">${title}</h2>${content}</section>`;
  const plain = (act: string, label: Html): Html =>
    form(act, html`<button class="plain compact">${label}</button>`);
  const rest = html`<p class="quiet">${say('factor.codes_lead', { count: recoveryCodes })}</p>
${plain('renew', say('factor.renew'))}
${plain(always ? 'sometimes' : 'always', say(always ? 'factor.ask_sometimes' : 'factor.ask_always'))}
${form('remove', html`<button class="ending compact">${say('factor.remove')}</button>`)}`;
  return html`${[
    section('passkeys', say('passkey.title'), passkeySection(page, form)),
    section('app', say('factor.app'), appSection(page, form)),
    hasAny(page) && section('recovery', say('factor.codes'), rest),
  ]}`;
}

/** The field for the password that a person has, to prove once more who they are. */
export const currentField = ({
  problem,
  language,
}: Pick<SecondStepSettings, 'problem' | 'language'>): Html => {
  const { say } = language;
  const wrong = problem?.field === 'current' ? problem.text : undefined;
  return html`<div class="field"><label for="current">${say('field.current_password')}</label>
${wrong && html`<p class="problem" id="current-problem" role="alert">${wrong}</p>`}
${passwordInput(
  language,
  html` id="current" name="current" autocomplete="current-password" data-instead=""${wrong && html` aria-invalid="true" aria-describedby="current-problem" autofocus`}`,
)}</div>`;
};

/** The browsers that are remembered. To forget them takes no proof: it lets nobody in. */
function rememberedSection({ action, csrf, language, now, remembered }: SecondStepSettings): Html {
  const { say } = language;
  const named = ({ browser, system }: RememberedEntry) =>
    browser && system
      ? say('sessions.browser_on_system', { browser, system })
      : (browser ?? say('sessions.browser'));
  return html`<section class="card stack" aria-labelledby="remembered"><h2 id="remembered">${say('factor.remembered')}</h2>
<p class="quiet">${say('factor.remembered_lead')}</p>
<ul>${remembered.map((one) => html`<li>${say('factor.remembered_until', { browser: named(one), time: ahead(language, one.expiresAt, now) })}</li>`)}</ul>
<form method="post" action="${action}">
${hidden('csrf', csrf)}
<button class="plain compact" name="act" value="forget">${say('factor.forget')}</button>
</form></section>`;
}
