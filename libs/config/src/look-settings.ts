import { path, word } from './values.js';

const accent = (appearance: 'light' | 'dark') => {
  const about = `The colour of links and buttons on people's pages, for people who prefer a ${appearance} appearance. Its contrast to the background must be at least 4.5 (WCAG 2.2 §1.4.3). An application's own colour comes before it.`;
  const form = 'colour of the form `#rrggbb`';
  // The form is checked with the contrast, where the pages are (libs/pages).
  return word(about, /^\S{1,32}$/, `a ${form}`)
    .optional()
    .meta({ about, form });
};

/** How people's pages look. */
export const look = {
  CURFEW_LOGO: path(
    "The logo of the installation, in place of the product's name on people's pages: a PNG of at most 32 KiB and 512 pixels along each side.",
  ),
  CURFEW_ACCENT_COLOR_LIGHT: accent('light'),
  CURFEW_ACCENT_COLOR_DARK: accent('dark'),
};

/** The look of the pages for people: the file of a logo, and a colour for each appearance. */
export interface LookConfiguration {
  readonly logo: string | undefined;
  readonly accents: { readonly light: string | undefined; readonly dark: string | undefined };
}

/** The settings of the look by subject. */
export const lookOf = (
  s: { readonly [Name in keyof typeof look]?: string | undefined },
): LookConfiguration => ({
  logo: s.CURFEW_LOGO,
  accents: { light: s.CURFEW_ACCENT_COLOR_LIGHT, dark: s.CURFEW_ACCENT_COLOR_DARK },
});
