import { type Html, html } from './html.js';
import { stylesheetPath } from './stylesheet.js';

/** The model of every page: the path of an issuer that is not at the root of its host, e.g. `/id`. */
export interface PageModel {
  readonly base?: string | undefined;
}

export interface Layout extends PageModel {
  /** The page's name, first in the browser's title. */
  readonly title: string;
  readonly content: Html;
  /** Set when the page reports a fault: the title then says so first, where a screen reader begins (WCAG technique G88). */
  readonly failed?: boolean | undefined;
  /** Pages of a signed-in person are wider and carry the navigation. */
  readonly navigation?: Place | undefined;
}

/** The places a signed-in person can go; the current one is marked. */
export type Place = 'home' | 'sessions' | 'applications' | 'password' | 'second-step';

const places: readonly { place: Place; path: string; name: string }[] = [
  { place: 'home', path: '/', name: 'Account' },
  { place: 'sessions', path: '/sessions', name: 'Sessions' },
  { place: 'applications', path: '/applications', name: 'Applications' },
  { place: 'password', path: '/password', name: 'Password' },
  { place: 'second-step', path: '/second-step', name: 'Second step' },
];

// A moon whose dark side is a clock face showing the hour.
const emblem = html`<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="M20.5 14.2A8.8 8.8 0 1 1 9.8 3.5a7 7 0 0 0 10.7 10.7Z"/><path d="M16.5 3v4h3.2"/></svg>`;

const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24' fill='none' stroke='%237c74ff' stroke-width='2.4' stroke-linecap='round' stroke-linejoin='round'%3E%3Cpath d='M20.5 14.2A8.8 8.8 0 1 1 9.8 3.5a7 7 0 0 0 10.7 10.7Z'/%3E%3Cpath d='M16.5 3v4h3.2'/%3E%3C/svg%3E";

/** A whole document around the content of one page. */
export function layout({ title, content, failed, navigation, base = '' }: Layout): string {
  return String(html`<!doctype html>
<html lang="en"${navigation && html` class="wide"`}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${failed && 'Error: '}${title} – Curfew</title>
<link rel="stylesheet" href="${base}${stylesheetPath}">
<link rel="icon" href="${icon}">
</head>
<body>
<a class="skip" href="#content">Skip to content</a>
<header class="brand">
${navigation ? html`<a class="name" href="${base}/">${emblem}Curfew</a>` : html`<span class="name">${emblem}Curfew</span>`}
${navigation && navigationBar(navigation, base)}
</header>
<main id="content" tabindex="-1">
${content}
</main>
</body>
</html>
`);
}

const navigationBar = (current: Place, base: string): Html => html`<nav aria-label="Your account"><ul>
${places.map(
  ({ place, path, name }) =>
    html`<li><a href="${base}${path}"${place === current && html` aria-current="page"`}>${name}</a></li>`,
)}
<li><a href="${base}/logout">Sign out</a></li>
</ul></nav>`;

/** A fault, said where it is seen first; `alert` makes assistive technology read it out. */
export const problemNotice = (text: string): Html =>
  html`<p class="notice bad" role="alert" id="problem">${text}</p>`;

/** Something that went well. */
export const goodNotice = (text: string): Html => html`<p class="notice good" role="status">${text}</p>`;

/** A field no one sees that must come back with the form. */
export const hidden = (name: string, value: string): Html =>
  html`<input type="hidden" name="${name}" value="${value}">`;
