import { html } from './html.js';
import { hidden, layout, type PageModel } from './layout.js';

/** The question before signing out. */
export interface LogoutPage extends PageModel {
  readonly action: string;
  readonly xsrf: string;
  /** The application that asked for it (OpenID Connect RP-Initiated Logout), if one did. */
  readonly clientName?: string | undefined;
}

/** RP-Initiated Logout §2: the person is asked, because a link can be followed without wanting to. */
export function logoutPage(page: LogoutPage): string {
  const content = html`<div class="card stack">
<div class="tight">
<h1>Sign out?</h1>
<p class="lead">${
    page.clientName
      ? html`<strong>${page.clientName}</strong> wants to sign you out. You can sign out of it alone, or of everything in this browser.`
      : 'You will be signed out of everything in this browser.'
  } Applications with offline access stay connected.</p>
</div>
<form method="post" action="${page.action}" class="actions">
${hidden('xsrf', page.xsrf)}
<button${!page.clientName && html` class="plain"`}>${page.clientName ? `Sign out of ${page.clientName}` : 'Stay signed in'}</button>
<button${page.clientName && html` class="plain"`} name="logout" value="yes">${page.clientName ? 'Sign out everywhere in this browser' : 'Sign out'}</button>
</form>
</div>`;
  return layout({ title: 'Sign out?', content, base: page.base });
}

/** The page after signing out. */
export interface LoggedOutPage extends PageModel {
  /** The application the person was signed out of. */
  readonly clientName?: string | undefined;
  readonly stayed?: boolean | undefined;
}

/** The end of a sign-out that no application continues. `stayed`: only the application was signed out, or nothing. */
export function loggedOutPage(page: LoggedOutPage = {}): string {
  const [title, text] = page.stayed
    ? ([
        'You are still signed in',
        page.clientName ? 'Everything else stays signed in.' : 'You were not signed out of anything.',
      ] as const)
    : (['You are signed out', 'Nothing is signed in in this browser any more.'] as const);
  const content = html`<div class="card stack">
<div class="tight">
<h1>${title}</h1>
<p class="lead">${page.clientName && html`You are signed out of <strong>${page.clientName}</strong>. `}${text}</p>
</div>
<p><a href="${page.base}${page.stayed ? '/' : '/sign-in'}">${page.stayed ? 'Go to your account' : 'Sign in again'}</a></p>
</div>`;
  return layout({ title, content, base: page.base });
}
