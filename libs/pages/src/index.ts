export { Html, type HtmlValue, html } from './html.js';
export { type Accents, type Appearance, accentFault, accentPath, accentStylesheet } from './look/accent.js';
export {
  brandName,
  type DocumentParts,
  PageDocument,
  type PageLook,
  type PageModel,
  pageDocument,
} from './look/page-document.js';
export { type PageHeaders, pageHeaders, protocolHeaders, scriptSource } from './look/security-headers.js';
export { stylesheet, stylesheetPath } from './look/stylesheet.js';
export { type LanguageRequest, languageFor } from './messages/choose-language.js';
export {
  type CountedKey,
  type Language,
  type LanguageTag,
  languages,
  languageTags,
  type MessageKey,
  type PlainKey,
  plainEnglish,
} from './messages/language.js';
export { scopeInWords } from './messages/scope-words.js';
export { ago, ahead, lengthInWords } from './messages/time-words.js';
