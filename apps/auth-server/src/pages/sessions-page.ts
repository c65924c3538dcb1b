import type { Instant } from '@curfew/session-policy';
import { type Html, html } from './html.js';
import { goodNotice, hidden, layout, type PageModel, problemNotice } from './layout.js';
import { ago, ahead } from './time-words.js';

/** The list of what is signed in where. */
export interface SessionsPage extends PageModel {
  readonly action: string;
  readonly csrf: string;
  readonly now: Instant;
  readonly signIns: readonly SignInEntry[];
  /** There are more than are shown. */
  readonly more: boolean;
  readonly done?: 'one' | 'others' | 'gone' | undefined;
  readonly problem?: string | undefined;
}

/** One place where the person is signed in, as they know it: a browser with what it signed in, or a device. */
export interface SignInEntry {
  readonly id: string;
  /** `signed_out_browser`: only offline sessions are left of it. */
  readonly kind: 'browser' | 'signed_out_browser' | 'device';
  /** Browser and system, e.g. "Firefox on Windows". */
  readonly device?: string | undefined;
  /** The network of the sign-in, e.g. "192.0.2.7, DE". */
  readonly from?: string | undefined;
  readonly signedInAt: Instant | undefined;
  readonly lastActiveAt: Instant | undefined;
  readonly thisBrowser: boolean;
  /** Empty where somebody is signed in and no application is. */
  readonly sessions: readonly SessionEntry[];
}

/** One session, by the application that has it. */
export interface SessionEntry {
  readonly id: string;
  readonly clientName: string;
  readonly lastActiveAt: Instant;
  /** When it ends if it is left alone: the earlier of the two deadlines. */
  readonly expiresAt: Instant;
  readonly absoluteDeadline: Instant;
  /** From when on the end by silence is announced (WCAG 2.2.1). */
  readonly idleWarningAt: Instant;
  /** Survives a sign-out of its browser. */
  readonly offline: boolean;
}

const done = {
  one: 'Signed out. Applications that were signed in there have lost access.',
  gone: 'It had already ended.',
  others: 'Signed out everywhere else. Applications that were signed in there have lost access.',
} as const;

/** Renders sign-ins with their times, and buttons to end one browser or device, or all but this browser (OWASP ASVS 7.5.2). */
export function sessionsPage(page: SessionsPage): string {
  const others = page.signIns.some((signIn) => !signIn.thisBrowser) || page.more;
  const content = html`<div class="heading">
<div class="tight"><h1>Your sessions</h1>
<p class="lead">These browsers and devices are signed in to your account.</p></div>
${others && endOthersForm(page)}
</div>
<div class="stack">
${page.done && goodNotice(done[page.done])}
${page.problem && problemNotice(page.problem)}
<ul class="stack">${page.signIns.map((signIn) => html`<li>${signInCard(signIn, page)}</li>`)}</ul>
${page.more && html`<p class="quiet">Only the latest are shown. “End all others” ends the rest as well.</p>`}
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

const kindWords = {
  browser: 'Browser',
  signed_out_browser: 'Signed-out browser',
  device: 'Device',
} as const;

function signInCard(signIn: SignInEntry, page: SessionsPage): Html {
  const name = `s-${signIn.id}`;
  const offline = signIn.sessions.filter((session) => session.offline);
  return html`<article class="card session" aria-labelledby="${name}">
<div>
<header><h2 id="${name}">${signIn.device ?? kindWords[signIn.kind]}</h2>${signIn.thisBrowser && html`<span class="badge">This browser</span>`}</header>
<dl class="facts">
${signIn.from && html`<dt>From</dt><dd>${signIn.from}</dd>`}
${signIn.signedInAt !== undefined && html`<dt>Signed in</dt><dd>${ago(signIn.signedInAt, page.now)}</dd>`}
${signIn.lastActiveAt !== undefined && html`<dt>Last active</dt><dd>${ago(signIn.lastActiveAt, page.now)}</dd>`}
</dl>
${signIn.sessions.length === 0 && html`<p class="quiet">No application is signed in here.</p>`}
${signIn.sessions.map((session) => sessionFacts(session, page.now))}
</div>
<form method="post" action="${page.action}">
${hidden('csrf', page.csrf)}
${signIn.kind === 'browser' && offline.length > 0 && keepOffline(offline)}
<button class="ending compact" name="end" value="${signIn.id}" aria-describedby="${name}">End</button>
</form>
</article>`;
}

const keepOffline = (offline: readonly SessionEntry[]): Html =>
  html`<label class="check"><input type="checkbox" name="keep" value="offline"><span>Keep offline access of ${namesOf(offline)}</span></label>`;

const namesOf = (sessions: readonly SessionEntry[]): string =>
  [...new Set(sessions.map(({ clientName }) => clientName))].join(', ');

const sessionFacts = (session: SessionEntry, now: Instant): Html => html`<div class="group tight">
<h3>${session.clientName}</h3>
<dl class="facts">
<dt>Last active</dt><dd>${ago(session.lastActiveAt, now)}</dd>
<dt>Ends</dt><dd>${now >= session.idleWarningAt && html`<span class="badge">Soon</span> `}${ending(session, now)}</dd>
${session.offline && html`<dt>Offline</dt><dd>Stays when you sign out of the browser</dd>`}
</dl>
</div>`;

const ending = (session: SessionEntry, now: Instant): Html =>
  session.expiresAt < session.absoluteDeadline
    ? html`${ahead(session.expiresAt, now)} unless it is used, and no later than ${ahead(session.absoluteDeadline, now)}`
    : ahead(session.absoluteDeadline, now);
