import type { Instant } from '@curfew/session-policy';
import { type Html, html } from './html.js';
import { goodNotice, hidden, layout, type PageModel, problemNotice } from './layout.js';
import { ago, ahead } from './time-words.js';

/** The list of sessions. */
export interface SessionsPage extends PageModel {
  readonly action: string;
  readonly csrf: string;
  readonly now: Instant;
  readonly sessions: readonly SessionEntry[];
  /** There are more than are shown. */
  readonly more: boolean;
  readonly done?: 'one' | 'others' | 'gone' | undefined;
  readonly problem?: string | undefined;
}

/** One session as its owner sees it. */
export interface SessionEntry {
  readonly id: string;
  readonly clientName: string;
  readonly signedInAt: Instant;
  readonly lastActiveAt: Instant;
  /** When it ends if it is left alone: the earlier of the two deadlines. */
  readonly expiresAt: Instant;
  readonly absoluteDeadline: Instant;
  /** From when on the end by silence is announced (WCAG 2.2.1). */
  readonly idleWarningAt: Instant;
  /** Browser and system it was signed in with, e.g. "Firefox on Windows". */
  readonly device?: string | undefined;
  /** Where the sign-in came from, e.g. "192.0.2.7, DE". */
  readonly from?: string | undefined;
  readonly thisBrowser: boolean;
  /** Survives a sign-out of its browser. */
  readonly offline: boolean;
}

const done = {
  one: 'The session is ended. What was signed in with it has lost access.',
  gone: 'That session had ended already.',
  others: 'All other sessions are ended. What was signed in with them has lost access.',
} as const;

/** What is signed in where, since when and until when; end one, or all but this browser's (OWASP ASVS 7.5.2). */
export function sessionsPage(page: SessionsPage): string {
  const others = page.sessions.some((session) => !session.thisBrowser) || page.more;
  const content = html`<div class="heading">
<div class="tight"><h1>Your sessions</h1>
<p class="lead">Everything that is signed in with your account.</p></div>
${others && endOthersForm(page)}
</div>
<div class="stack">
${page.done && goodNotice(done[page.done])}
${page.problem && problemNotice(page.problem)}
${page.sessions.length === 0 && html`<p class="card">No application is signed in with your account.</p>`}
<ul class="stack">${page.sessions.map((session) => html`<li>${sessionCard(session, page)}</li>`)}</ul>
${page.more && html`<p class="quiet">There are more; these are the latest. End all others to end those too.</p>`}
</div>`;
  return layout({
    title: 'Your sessions',
    content,
    failed: Boolean(page.problem),
    navigation: 'sessions',
    base: page.base,
  });
}

const endOthersForm = (page: SessionsPage): Html => html`<form method="post" action="${page.action}">
${hidden('csrf', page.csrf)}
<button class="ending compact" name="end" value="others">End all others</button>
</form>`;

function sessionCard(session: SessionEntry, page: SessionsPage): Html {
  const name = `s-${session.id}`;
  return html`<article class="card session" aria-labelledby="${name}">
<div>
<header><h2 id="${name}">${session.clientName}</h2>${session.thisBrowser && html`<span class="badge">This browser</span>`}</header>
<dl class="facts">
${session.device && html`<dt>With</dt><dd>${session.device}</dd>`}
${session.from && html`<dt>From</dt><dd>${session.from}</dd>`}
<dt>Signed in</dt><dd>${ago(session.signedInAt, page.now)}</dd>
<dt>Last active</dt><dd>${ago(session.lastActiveAt, page.now)}</dd>
<dt>Ends</dt><dd>${page.now >= session.idleWarningAt && html`<span class="badge">Soon</span> `}${ending(session, page.now)}</dd>
${session.offline && html`<dt>Offline</dt><dd>Stays when you sign out of the browser</dd>`}
</dl>
</div>
<form method="post" action="${page.action}">
${hidden('csrf', page.csrf)}
<button class="ending compact" name="end" value="${session.id}" aria-describedby="${name}">End<span class="unseen"> session</span></button>
</form>
</article>`;
}

const ending = (session: SessionEntry, now: Instant): Html =>
  session.expiresAt < session.absoluteDeadline
    ? html`${ahead(session.expiresAt, now)} unless it is used; at the latest ${ahead(session.absoluteDeadline, now)}`
    : ahead(session.absoluteDeadline, now);
