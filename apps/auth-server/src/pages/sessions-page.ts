import { ago, ahead, type Html, html, type Language, type PageDocument, type PlainKey } from '@curfew/pages';
import type { Instant } from '@curfew/session-policy';
import { goodNotice, hidden, layout, type PageModel } from './layout.js';

/** The list of what is signed in where. */
export interface SessionsPage extends PageModel {
  readonly action: string;
  readonly csrf: string;
  readonly now: Instant;
  readonly signIns: readonly SignInEntry[];
  /** There are more than are shown. */
  readonly more: boolean;
  readonly done?: 'one' | 'others' | 'gone' | undefined;
}

/** One place where the person is signed in, as they know it: a browser with what it signed in, or a device. */
export interface SignInEntry {
  readonly id: string;
  /** `signed_out_browser`: only offline sessions are left of it. */
  readonly kind: 'browser' | 'signed_out_browser' | 'device';
  /** The browser, e.g. "Firefox". */
  readonly browser?: string | undefined;
  /** The operating system, e.g. "Windows". */
  readonly system?: string | undefined;
  /** The network of the sign-in, and the place where the network database knows it, e.g. "192.0.2.7, Germany". */
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
  one: 'sessions.ended_one',
  gone: 'sessions.ended_before',
  others: 'sessions.ended_others',
} as const satisfies Readonly<Record<string, PlainKey>>;

/** Sign-ins up to which each is shown whole; more of them are grouped, and show what is signed in there when it is asked for. */
const maxOpen = 6;

/** Renders sign-ins with their times, and buttons to end one browser or device, or all but this browser (OWASP ASVS 7.5.2). */
export function sessionsPage(page: SessionsPage): PageDocument {
  const { language, base } = page;
  const { say } = language;
  const title = say('sessions.title');
  const others = page.signIns.some((signIn) => !signIn.thisBrowser) || page.more;
  const content = html`<div class="heading">
<div class="tight"><h1>${title}</h1>
<p class="lead">${say('sessions.lead')}</p></div>
${others && endOthersForm(page)}
</div>
<div class="stack">
${page.done && goodNotice(say(done[page.done]))}
${page.signIns.length > maxOpen ? byBrowser(page) : list(page.signIns, page)}
${page.more && html`<p class="quiet">${say('sessions.more')}</p>`}
</div>`;
  return layout({ title, content, navigation: 'sessions', base, language, look: page.look });
}

const list = (signIns: readonly SignInEntry[], page: SessionsPage, grouped = false): Html =>
  html`<ul class="stack">${signIns.map((signIn) => html`<li>${signInCard(signIn, page, grouped)}</li>`)}</ul>`;

/** Many sign-ins by browser and system: this browser's group first, then in the order of the latest of each. */
function byBrowser(page: SessionsPage): Html {
  const { language, signIns } = page;
  const groups = new Map<string, SignInEntry[]>();
  const ofThis = signIns.filter(({ thisBrowser }) => thisBrowser);
  for (const signIn of [...ofThis, ...signIns.filter(({ thisBrowser }) => !thisBrowser)]) {
    const name = String(html`${nameOf(language, signIn)}`);
    groups.set(name, [...(groups.get(name) ?? []), signIn]);
  }
  return html`${[...groups.values()].map(
    (group, index) => html`<section class="places" aria-labelledby="places-${index}">
<h2 id="places-${index}">${nameOf(language, group[0]!)} <span class="quiet">${language.count('sessions.sign_ins', group.length)}</span></h2>
${list(group, page, true)}
</section>`,
  )}`;
}

const endOthersForm = (page: SessionsPage): Html => html`<form method="post" action="${page.action}">
${hidden('csrf', page.csrf)}
<button class="ending compact" name="end" value="others">${page.language.say('sessions.end_others')}</button>
</form>`;

const kindWords = {
  browser: 'sessions.browser',
  signed_out_browser: 'sessions.signed_out_browser',
  device: 'sessions.device',
} as const satisfies Readonly<Record<SignInEntry['kind'], PlainKey>>;

const nameOf = ({ say }: Language, { browser, system, kind }: SignInEntry): string | Html =>
  browser && system
    ? say('sessions.browser_on_system', { browser, system })
    : (browser ?? system ?? say(kindWords[kind]));

function signInCard(signIn: SignInEntry, page: SessionsPage, grouped: boolean): Html {
  const { language, now } = page;
  const { say } = language;
  const name = `s-${signIn.id}`;
  const applications = signIn.sessions.map((session) => sessionFacts(language, session, now, grouped));
  const offline = signIn.sessions.filter((session) => session.offline);
  return html`<article class="card session" aria-labelledby="${name}">
<div>
<header>${grouped ? html`<h3 id="${name}">${signIn.from ?? say('sessions.unknown_place')}</h3>` : html`<h2 id="${name}">${nameOf(language, signIn)}</h2>`}${signIn.thisBrowser && html`<span class="badge">${say('sessions.this_browser')}</span>`}</header>
<dl class="facts">
${!grouped && signIn.from && html`<dt>${say('sessions.from')}</dt><dd>${signIn.from}</dd>`}
${signIn.signedInAt !== undefined && html`<dt>${say('sessions.signed_in')}</dt><dd>${ago(language, signIn.signedInAt, now)}</dd>`}
${signIn.lastActiveAt !== undefined && html`<dt>${say('sessions.last_active')}</dt><dd>${ago(language, signIn.lastActiveAt, now)}</dd>`}
</dl>
${signIn.sessions.length === 0 && html`<p class="quiet">${say('sessions.no_application')}</p>`}
${grouped && signIn.sessions.length > 0 ? html`<details><summary>${language.count('sessions.applications', signIn.sessions.length)}: ${namesOf(signIn.sessions)}</summary>${applications}</details>` : applications}
</div>
<form method="post" action="${page.action}">
${hidden('csrf', page.csrf)}
${signIn.kind === 'browser' && offline.length > 0 && keepOffline(language, offline)}
<button class="ending compact" name="end" value="${signIn.id}" aria-describedby="${name}">${say('sessions.end')}</button>
</form>
</article>`;
}

const keepOffline = ({ say }: Language, offline: readonly SessionEntry[]): Html =>
  html`<label class="check"><input type="checkbox" name="keep" value="offline"><span>${say('sessions.keep_offline', { applications: namesOf(offline) })}</span></label>`;

const namesOf = (sessions: readonly SessionEntry[]): string =>
  [...new Set(sessions.map(({ clientName }) => clientName))].join(', ');

function sessionFacts(language: Language, session: SessionEntry, now: Instant, grouped: boolean): Html {
  const { say } = language;
  const isSoon = now >= session.idleWarningAt;
  return html`<div class="group tight">
${grouped ? html`<h4>${session.clientName}</h4>` : html`<h3>${session.clientName}</h3>`}
<dl class="facts">
<dt>${say('sessions.last_active')}</dt><dd>${ago(language, session.lastActiveAt, now)}</dd>
<dt>${say('sessions.ends')}</dt><dd>${isSoon && html`<span class="badge">${say('sessions.soon')}</span> `}${ending(language, session, now)}</dd>
${session.offline && html`<dt>${say('sessions.offline')}</dt><dd>${say('sessions.offline_stays')}</dd>`}
</dl>
</div>`;
}

function ending(language: Language, { expiresAt, absoluteDeadline }: SessionEntry, now: Instant): Html {
  const absolute = ahead(language, absoluteDeadline, now);
  if (expiresAt >= absoluteDeadline) return absolute;
  return language.say('sessions.idle_end', { idle: ahead(language, expiresAt, now), absolute });
}
