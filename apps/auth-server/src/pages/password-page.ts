import { type Html, html, type PageDocument, type PlainKey } from '@curfew/pages';
import { type CodeTaken, codeField } from './code-field.js';
import { goodNotice, hidden, layout, logoOf, type PageModel, problemNotice } from './layout.js';
import { type PasskeyOffer, passkeyButton, passkeyScriptOf } from './passkey-script.js';
import { passwordInput, revealing } from './password-input.js';
import { sentOnce } from './sent-once.js';

/** The page that changes a password: the account, and the fault of the last attempt. */
export interface PasswordPage extends PageModel {
  readonly action: string;
  readonly csrf: string;
  readonly username: string;
  readonly minLength: number;
  /** Whether the account has a second factor, whose code is asked for as well: one of an app, or a recovery code alone. */
  readonly asksCode: CodeTaken | false;
  /** Asks the browser to show a passkey, which stands in for the current password and the code. */
  readonly passkey?: PasskeyOffer;
  /** Everything that is signed in ends with the change by policy, so nobody is asked. */
  readonly endsOthers?: boolean;
  readonly problem?: PasswordProblem | undefined;
  /** The password was changed, and whether every session ended with it. */
  readonly changed?: { readonly endedOthers: boolean } | undefined;
}

/** The field a problem belongs to; `form` for the whole. */
export type PasswordField = 'current' | 'new' | 'repeat' | 'code' | 'address' | 'form';

/** The fault of the last attempt, and the field that it is about. */
export interface PasswordProblem {
  readonly field: PasswordField;
  readonly text: Html;
}

/** Change the password; everything else can be signed out with it (OWASP ASVS 7.4.3). */
export function passwordPage(page: PasswordPage): PageDocument {
  const { problem, language, base, changed } = page;
  const { say } = language;
  const title = say('password.title');
  const content = html`<div class="heading"><h1>${title}</h1></div>
<div class="card stack">
${changed && goodNotice(say(changed.endedOthers ? 'password.changed_all' : 'password.changed'))}
${problem?.field === 'form' && problemNotice(problem.text)}
<form method="post" action="${page.action}" class="stack">
${hidden('csrf', page.csrf)}
<div class="field"><label for="username">${say('field.username')}</label>
<input id="username" type="text" autocomplete="username" readonly value="${page.username}"></div>
${field(page, { name: 'current', label: 'field.current_password', autocomplete: 'current-password', first: !changed })}
${page.asksCode && codeField(language, { isWrong: problem?.field === 'code', text: problem?.text, or: page.asksCode })}
${page.passkey && html`<p class="hint">${say('password.passkey_hint')}</p>`}
${newPasswordFields(page)}
${page.endsOthers ? html`<p class="hint">${say('password.ends_all')}</p>` : endOthers(page)}
<button>${say('password.submit')}</button>
${passkeyButton(page.passkey, language, { plain: true })}
</form>
</div>
${sentOnce}${revealing}${passkeyScriptOf(page.passkey, base)}`;
  return layout({
    title,
    content,
    failed: Boolean(problem),
    navigation: 'password',
    base,
    language,
    look: page.look,
  });
}

const endOthers = ({ language: { say } }: PageModel): Html =>
  html`<label class="check"><input type="checkbox" name="end_others" value="yes" checked><span>${say('password.end_others')}<br><span class="hint">${say('password.end_others_hint')}</span></span></label>`;

/** Replacing a password that must not stay. */
export interface NewPasswordPage extends PageModel {
  readonly action: string;
  readonly csrf: string;
  readonly username: string;
  readonly minLength: number;
  /** Fields that prove that the old password was right a moment ago. */
  readonly proof: Readonly<Record<string, string>>;
  readonly problem?: PasswordProblem | undefined;
}

/** Renders the page on which a person with a temporary password chooses a new one. */
export function newPasswordPage(page: NewPasswordPage): PageDocument {
  const { language, base } = page;
  const { say } = language;
  const title = say('new_password.title');
  const content = html`<div class="card stack">
${logoOf(page)}
<div class="tight"><h1>${title}</h1>
<p class="lead">${say('new_password.lead')}</p></div>
${page.problem?.field === 'form' && problemNotice(page.problem.text)}
<form method="post" action="${page.action}" class="stack">
${hidden('csrf', page.csrf)}${Object.entries(page.proof).map(([name, value]) => hidden(name, value))}
<div class="field"><label for="username">${say('field.username')}</label>
<input id="username" type="text" autocomplete="username" readonly value="${page.username}"></div>
${newPasswordFields(page, 'new')}
<button class="full">${say('new_password.submit')}</button>
</form>
</div>
${sentOnce}${revealing}`;
  return layout({ title, content, failed: Boolean(page.problem), base, language, look: page.look });
}

type WithProblem = Pick<PasswordPage, 'minLength' | 'problem' | 'language'>;

/** The fields of a new password and its repetition. */
export const newPasswordFields = (page: WithProblem, first?: Field['name']): Html =>
  html`${[
    field(page, {
      name: 'new',
      label: 'field.new_password',
      autocomplete: 'new-password',
      hint: page.language.say('field.new_password_hint', { length: page.minLength }),
      first: first === 'new',
    }),
    field(page, { name: 'repeat', label: 'field.repeat_password', autocomplete: 'new-password' }),
  ]}`;

interface Field {
  readonly name: Exclude<PasswordField, 'code' | 'address' | 'form'>;
  readonly label: PlainKey;
  readonly autocomplete: 'current-password' | 'new-password';
  readonly hint?: Html;
  /** Whether the field has the focus when there is no fault. */
  readonly first?: boolean;
}

function field(page: WithProblem, { name, label, autocomplete, hint, first }: Field): Html {
  const wrong = page.problem?.field === name ? page.problem.text : undefined;
  const described = [hint && `${name}-hint`, wrong && `${name}-problem`].filter(Boolean).join(' ');
  const focused = page.problem ? wrong !== undefined : first;
  return html`<div class="field"><label for="${name}">${page.language.say(label)}</label>
${hint && html`<p class="hint" id="${name}-hint">${hint}</p>`}
${wrong && html`<p class="problem" id="${name}-problem" role="alert">${wrong}</p>`}
${passwordInput(
  page.language,
  html` id="${name}" name="${name}" autocomplete="${autocomplete}"${name === 'current' && html` data-instead=""`}${autocomplete === 'new-password' && html` minlength="${page.minLength}"`}${described !== '' && html` aria-describedby="${described}"`}${wrong && html` aria-invalid="true"`}${focused && html` autofocus`}`,
)}</div>`;
}
