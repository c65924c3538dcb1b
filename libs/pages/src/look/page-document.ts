import { type Html, type HtmlValue, html } from '../html.js';
import type { Language, LanguageTag } from '../messages/language.js';
import { stylesheetPath } from './stylesheet.js';

/** The look of a page beyond the product's own, by the addresses of its files. */
export interface PageLook {
  /** The logo of the application that the page speaks for. */
  readonly logo?: string | undefined;
  /** The logo of the installation, which stands on every page in place of the product's name. */
  readonly brand?: string | undefined;
  /** The stylesheet with the colours. */
  readonly stylesheet?: string | undefined;
}

/** The model of every page: its language, and the path of an issuer that is not at the root of its host, e.g. `/id`. */
export interface PageModel {
  readonly language: Language;
  readonly base?: string | undefined;
  readonly look?: PageLook | undefined;
}

/** A whole page as it is sent, and the language that it is in. */
export class PageDocument {
  constructor(
    readonly markup: string,
    readonly language: LanguageTag,
  ) {}
}

/** The parts of a document that differ between pages. */
export interface DocumentParts extends PageModel {
  /** The page's name, first in the browser's title. */
  readonly title: HtmlValue;
  readonly content: Html;
  /** Set when the page reports a fault: the title then says so first, where a screen reader begins (WCAG technique G88). */
  readonly failed?: boolean | undefined;
  /** Links beside the name, on the wider pages of a person who is signed in. */
  readonly navigation?: Html | undefined;
}

// A moon whose dark side is a clock face showing the hour.
const emblem = html`<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="M20.5 14.2A8.8 8.8 0 1 1 9.8 3.5a7 7 0 0 0 10.7 10.7Z"/><path d="M16.5 3v4h3.2"/></svg>`;

const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24' fill='none' stroke='%237c74ff' stroke-width='2.4' stroke-linecap='round' stroke-linejoin='round'%3E%3Cpath d='M20.5 14.2A8.8 8.8 0 1 1 9.8 3.5a7 7 0 0 0 10.7 10.7Z'/%3E%3Cpath d='M16.5 3v4h3.2'/%3E%3C/svg%3E";

/** The emblem and the name of the product. */
export const brandName: Html = html`${emblem}Curfew`;

/** The logo of the installation, or the product's emblem and name; `leadsTo` names the page behind it, where it is a link. */
const brandOf = ({ base = '', look }: DocumentParts, leadsTo: HtmlValue): Html =>
  look?.brand ? html`<img class="logo" src="${base}${look.brand}" alt="${leadsTo}">` : brandName;

/** A whole document around the content of one page. */
export function pageDocument(parts: DocumentParts): PageDocument {
  const { language, title, content, failed, navigation, look, base = '' } = parts;
  const { say, tag } = language;
  const markup = html`<!doctype html>
<html lang="${tag}"${navigation && html` class="wide"`}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${failed ? say('page.error', { title }) : title} – Curfew</title>
<link rel="stylesheet" href="${base}${stylesheetPath}">
${look?.stylesheet && html`<link rel="stylesheet" href="${base}${look.stylesheet}">`}
<link rel="icon" href="${icon}">
</head>
<body>
<a class="skip" href="#content">${say('page.skip')}</a>
<header class="brand">
${navigation ? html`<a class="name" href="${base}/">${brandOf(parts, say('page.account'))}</a>` : html`<span class="name">${brandOf(parts, '')}</span>`}
${navigation}
</header>
<main id="content" tabindex="-1">
${content}
</main>
</body>
</html>
`;
  return new PageDocument(String(markup), tag);
}
