const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

/** Text made safe for element content and for quoted attribute values. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"'`]/g, (char) => entities[char]!);

/** Markup that came out of the `html` tag, and only that; everything else is text and gets escaped. */
export class Html {
  readonly #markup: string;

  private constructor(markup: string) {
    this.#markup = markup;
  }

  /** The tag itself: literals are trusted because they are source code, values never are. */
  static tag(literals: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
    // `String.raw`-like use with a hand-made array would smuggle text in as a literal; a real tag call has a frozen one.
    if (!Array.isArray(literals) || !Object.isFrozen(literals)) {
      throw new TypeError('html is a template tag and cannot be called as a function');
    }
    return new Html(literals.reduce((markup, literal, i) => markup + render(values[i - 1]) + literal));
  }

  /**
   * A sentence that is filled with values for its names in braces; the sentence itself is text, and escaped. It is read once, because pages
   * say the same ones again and again.
   */
  static sentence(text: string): Sentence {
    const parts = text.split(/\{([a-z_]+)\}/).map((part, i) => (i % 2 === 0 ? escapeHtml(part) : part));
    const always = parts.length === 1 ? new Html(parts[0]!) : undefined;
    return (values) =>
      always ?? new Html(parts.map((part, i) => (i % 2 === 0 ? part : render(values[part]))).join(''));
  }

  toString(): string {
    return this.#markup;
  }
}

/** Makes markup of a sentence and the values for its names in braces. */
export type Sentence = (values: Readonly<Record<string, HtmlValue>>) => Html;

/** A value between `${` and `}`: absent values print nothing, arrays print their members. */
export type HtmlValue = Html | string | number | null | undefined | false | readonly HtmlValue[];

function render(value: HtmlValue): string {
  if (value === null || value === undefined || value === false) return '';
  if (value instanceof Html) return value.toString();
  if (Array.isArray(value)) return value.map(render).join('');
  return escapeHtml(String(value));
}

/** Template tag for markup: `html\`<p>${name}</p>\`` escapes every value that is not itself the result of this tag. */
export const html = Html.tag;
