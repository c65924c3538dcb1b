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

  /** A sentence with its names in braces replaced by values; the sentence itself is text, and escaped. */
  static filled(sentence: string, values: Readonly<Record<string, HtmlValue>>): Html {
    const parts = sentence.split(/\{([a-z_]+)\}/);
    return new Html(parts.map((part, i) => (i % 2 === 0 ? escapeHtml(part) : render(values[part]))).join(''));
  }

  toString(): string {
    return this.#markup;
  }
}

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
