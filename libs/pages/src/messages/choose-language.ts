import { type Language, type LanguageTag, languages, languageTags } from './language.js';

/** The parts of a request that say which language a person reads. */
export interface LanguageRequest {
  readonly url?: string | undefined;
  readonly headers: { readonly 'accept-language'?: string | undefined };
}

/** Wishes that are looked at; a longer list has said enough. */
const maxWishes = 20;

/**
 * The language of a page: the first that is spoken here of those that the application asks for by `ui_locales` (OpenID Connect Core
 * §3.1.2.1), then of those that the browser prefers, then English. A language that is not spoken here is no error.
 *
 * `uiLocales` is for requests whose address does not have the parameter, because it was pushed or sent with an earlier request.
 */
export function languageFor(request: LanguageRequest, uiLocales?: string | undefined): Language {
  const asked = uiLocales ?? uiLocalesIn(request.url);
  const tag =
    firstSpoken(asked?.split(' ', maxWishes) ?? []) ??
    firstSpoken(preferences(request.headers['accept-language'] ?? ''));
  return languages[tag ?? languageTags[0]!];
}

/** The parameter as the address of a request has it; one that stands there twice says nothing. */
function uiLocalesIn(url = ''): string | undefined {
  const query = url.indexOf('?');
  if (query < 0) return undefined;
  const values = new URLSearchParams(url.slice(query)).getAll('ui_locales');
  return values.length === 1 ? values[0] : undefined;
}

/** RFC 4647 §3.4: a tag loses its last part until something speaks it, so `de-AT` finds `de`. */
function firstSpoken(wishes: readonly string[]): LanguageTag | undefined {
  const primary = wishes.map((wish) => wish.toLowerCase().split('-', 1)[0]);
  return primary.map((wish) => languageTags.find((tag) => tag === wish)).find((tag) => tag !== undefined);
}

/** RFC 9110 §12.5.4: language ranges, best first; a weight of 0 excludes. `*` leaves the choice to us, and nothing follows from it. */
function preferences(header: string): readonly string[] {
  return header
    .split(',', maxWishes)
    .map((range) => {
      const [tag = '', ...parameters] = range.split(';').map((part) => part.trim());
      const weight = parameters.find((parameter) => /^q=/i.test(parameter))?.slice(2) ?? '1';
      return { tag, weight: Number(weight) || 0 };
    })
    .filter(({ weight }) => weight > 0)
    .sort((one, other) => other.weight - one.weight)
    .map(({ tag }) => tag);
}
