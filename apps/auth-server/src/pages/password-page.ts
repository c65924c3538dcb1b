import { type Html, html } from './html.js';
import { goodNotice, hidden, layout, problemNotice } from './layout.js';

export interface PasswordPage {
  readonly action: string;
  readonly csrf: string;
  readonly username: string;
  readonly minLength: number;
  readonly problem?: { readonly field: PasswordField; readonly text: string } | undefined;
  /** The password was changed; how many other sessions ended with it. */
  readonly changed?: { readonly endedOthers: boolean } | undefined;
}

export type PasswordField = 'current' | 'new' | 'repeat' | 'form';

/** Change the password; everything else can be signed out with it (OWASP ASVS 7.4.3). */
export function passwordPage(page: PasswordPage): string {
  const { problem } = page;
  const content = html`<div class="heading"><h1>Change your password</h1></div>
<div class="card stack">
${page.changed && goodNotice(page.changed.endedOthers ? 'Your password is changed, and all other sessions are ended.' : 'Your password is changed.')}
${problem?.field === 'form' && problemNotice(problem.text)}
<form method="post" action="${page.action}" class="stack">
${hidden('csrf', page.csrf)}
<div class="field"><label for="username">Username</label>
<input id="username" type="text" autocomplete="username" readonly value="${page.username}"></div>
${field(page, { name: 'current', label: 'Current password', autocomplete: 'current-password' })}
${field(page, { name: 'new', label: 'New password', autocomplete: 'new-password', hint: `At least ${page.minLength} characters. A few words in a row are easy to remember and hard to guess.` })}
${field(page, { name: 'repeat', label: 'New password once more', autocomplete: 'new-password' })}
<label class="check"><input type="checkbox" name="end_others" value="yes" checked><span>End all other sessions<br><span class="hint">Whoever knew the old password is signed out at once.</span></span></label>
<button>Change password</button>
</form>
</div>`;
  return layout({ title: 'Change your password', content, failed: Boolean(problem), navigation: 'password' });
}

interface Field {
  readonly name: Exclude<PasswordField, 'form'>;
  readonly label: string;
  readonly autocomplete: 'current-password' | 'new-password';
  readonly hint?: string;
}

function field(page: PasswordPage, { name, label, autocomplete, hint }: Field): Html {
  const wrong = page.problem?.field === name ? page.problem.text : undefined;
  const described = [hint && `${name}-hint`, wrong && `${name}-problem`].filter(Boolean).join(' ');
  const first = page.problem ? wrong !== undefined : name === 'current' && !page.changed;
  return html`<div class="field"><label for="${name}">${label}</label>
${hint && html`<p class="hint" id="${name}-hint">${hint}</p>`}
${wrong && html`<p class="problem" id="${name}-problem" role="alert">${wrong}</p>`}
<input id="${name}" name="${name}" type="password" autocomplete="${autocomplete}" required maxlength="1024"${autocomplete === 'new-password' && html` minlength="${page.minLength}"`}${described !== '' && html` aria-describedby="${described}"`}${wrong && html` aria-invalid="true"`}${first && html` autofocus`}></div>`;
}
