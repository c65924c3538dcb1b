import { html } from './html.js';
import { hidden, layout, type PageModel, problemNotice } from './layout.js';
import { sentOnce } from './sent-once.js';

/** The sign-in page: the application, the typed username, and the fault of the last attempt. */
export interface SignInPage extends PageModel {
  readonly action: string;
  readonly csrf: string;
  /** The application that asked, or absent when the person came here directly. */
  readonly clientName?: string | undefined;
  readonly username?: string | undefined;
  /** Why the last attempt did not succeed; never says which of the two fields was wrong. */
  readonly problem?: string | undefined;
  /** Why a person who is already signed in must do it again. */
  readonly reason?: string | undefined;
  readonly remember?: boolean | undefined;
}

/** Name and password, and the way back to the application for who changed their mind. */
export function signInPage(page: SignInPage): string {
  const again = Boolean(page.problem && page.username);
  const content = html`<div class="card stack">
<div class="tight">
<h1>Sign in</h1>
${page.clientName && html`<p class="lead">to continue to <strong>${page.clientName}</strong></p>`}
</div>
${page.reason && html`<p class="quiet">${page.reason}</p>`}
${page.problem && problemNotice(page.problem)}
<form method="post" action="${page.action}" class="stack">
${hidden('csrf', page.csrf)}
<div class="field">
<label for="username">Username</label>
<input id="username" name="username" type="text" inputmode="email" autocomplete="username" autocapitalize="none" autocorrect="off" spellcheck="false" maxlength="320" required value="${page.username}"${page.problem && html` aria-invalid="true" aria-describedby="problem"`}${!again && html` autofocus`}>
</div>
<div class="field">
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="1024" required${page.problem && html` aria-invalid="true" aria-describedby="problem"`}${again && html` autofocus`}>
</div>
<label class="check"><input type="checkbox" name="remember" value="yes"${page.remember && html` checked`}><span>Keep me signed in when I close this browser<br><span class="hint">Your sign-in still ends at the same time. Leave this off on a shared computer.</span></span></label>
<button class="full">Sign in</button>
</form>
${page.clientName && cancelForm(page)}
</div>
${sentOnce}`;
  return layout({ title: 'Sign in', content, failed: Boolean(page.problem), base: page.base });
}

const cancelForm = (page: SignInPage) => html`<form method="post" action="${page.action}">
${hidden('csrf', page.csrf)}
<button class="plain full" name="decision" value="cancel">Cancel and go back</button>
</form>`;
