import { codeField } from './code-field.js';
import { type Html, html } from './html.js';
import { goodNotice, hidden, layout, type PageModel, problemNotice } from './layout.js';
import { sentOnce } from './sent-once.js';

/** The page that changes a password: the account, and the fault of the last attempt. */
export interface PasswordPage extends PageModel {
  readonly action: string;
  readonly csrf: string;
  readonly username: string;
  readonly minLength: number;
  /** Whether the account has a second factor, whose code is asked for as well. */
  readonly asksCode: boolean;
  /** Everything that is signed in ends with the change by policy, so nobody is asked. */
  readonly endsOthers?: boolean;
  readonly problem?: { readonly field: PasswordField; readonly text: string } | undefined;
  /** The password was changed, and whether every session ended with it. */
  readonly changed?: { readonly endedOthers: boolean } | undefined;
}

/** The field a problem belongs to; `form` for the whole. */
export type PasswordField = 'current' | 'new' | 'repeat' | 'code' | 'form';

/** Change the password; everything else can be signed out with it (OWASP ASVS 7.4.3). */
export function passwordPage(page: PasswordPage): string {
  const { problem } = page;
  const content = html`<div class="heading"><h1>Change your password</h1></div>
<div class="card stack">
${page.changed && goodNotice(page.changed.endedOthers ? 'Your password is changed, and every application is signed out.' : 'Your password is changed.')}
${problem?.field === 'form' && problemNotice(problem.text)}
<form method="post" action="${page.action}" class="stack">
${hidden('csrf', page.csrf)}
<div class="field"><label for="username">Username</label>
<input id="username" type="text" autocomplete="username" readonly value="${page.username}"></div>
${field(page, { name: 'current', label: 'Current password', autocomplete: 'current-password', first: !page.changed })}
${page.asksCode && codeField({ isWrong: problem?.field === 'code', text: problem?.text, or: 'recovery' })}
${newPasswordFields(page)}
${page.endsOthers ? html`<p class="hint">You will be signed out everywhere, and every application must sign in again.</p>` : endOthers}
<button>Change password</button>
</form>
</div>`;
  return layout({
    title: 'Change your password',
    content,
    failed: Boolean(problem),
    navigation: 'password',
    base: page.base,
  });
}

const endOthers = html`<label class="check"><input type="checkbox" name="end_others" value="yes" checked><span>Sign out everywhere else<br><span class="hint">Every application must sign in again. Anyone who knew the old password is signed out at once.</span></span></label>`;

/** Replacing a password that must not stay. */
export interface NewPasswordPage extends PageModel {
  readonly action: string;
  readonly csrf: string;
  readonly username: string;
  readonly minLength: number;
  /** Fields that prove that the old password was right a moment ago. */
  readonly proof: Readonly<Record<string, string>>;
  readonly problem?: { readonly field: PasswordField; readonly text: string } | undefined;
}

/** Renders the page on which a person with a temporary password chooses a new one. */
export function newPasswordPage(page: NewPasswordPage): string {
  const content = html`<div class="card stack">
<div class="tight"><h1>Choose a new password</h1>
<p class="lead">Your password must be replaced before you can continue. Every session that began with the old one ends.</p></div>
${page.problem?.field === 'form' && problemNotice(page.problem.text)}
<form method="post" action="${page.action}" class="stack">
${hidden('csrf', page.csrf)}${Object.entries(page.proof).map(([name, value]) => hidden(name, value))}
<div class="field"><label for="username">Username</label>
<input id="username" type="text" autocomplete="username" readonly value="${page.username}"></div>
${newPasswordFields(page, 'new')}
<button class="full">Change and continue</button>
</form>
</div>
${sentOnce}`;
  return layout({ title: 'Choose a new password', content, failed: Boolean(page.problem), base: page.base });
}

type WithProblem = Pick<PasswordPage, 'minLength' | 'problem'>;

const newPasswordFields = (page: WithProblem, first?: Field['name']): Html =>
  html`${[
    field(page, {
      name: 'new',
      label: 'New password',
      autocomplete: 'new-password',
      hint: `At least ${page.minLength} characters. A few words in a row are easy to remember and hard to guess.`,
      first: first === 'new',
    }),
    field(page, { name: 'repeat', label: 'Confirm new password', autocomplete: 'new-password' }),
  ]}`;

interface Field {
  readonly name: Exclude<PasswordField, 'code' | 'form'>;
  readonly label: string;
  readonly autocomplete: 'current-password' | 'new-password';
  readonly hint?: string;
  /** Whether the field has the focus when there is no fault. */
  readonly first?: boolean;
}

function field(page: WithProblem, { name, label, autocomplete, hint, first }: Field): Html {
  const wrong = page.problem?.field === name ? page.problem.text : undefined;
  const described = [hint && `${name}-hint`, wrong && `${name}-problem`].filter(Boolean).join(' ');
  const focused = page.problem ? wrong !== undefined : first;
  return html`<div class="field"><label for="${name}">${label}</label>
${hint && html`<p class="hint" id="${name}-hint">${hint}</p>`}
${wrong && html`<p class="problem" id="${name}-problem" role="alert">${wrong}</p>`}
<input id="${name}" name="${name}" type="password" autocomplete="${autocomplete}" required maxlength="1024"${autocomplete === 'new-password' && html` minlength="${page.minLength}"`}${described !== '' && html` aria-describedby="${described}"`}${wrong && html` aria-invalid="true"`}${focused && html` autofocus`}></div>`;
}
