import { contrast, customProperties, day, night, type Palette } from './palette.js';

/** An appearance of the pages that an application may give a colour of its own. */
export type Appearance = 'light' | 'dark';

const palettes: Readonly<Record<Appearance, Palette>> = { light: day, dark: night };

/** WCAG 2.2 §1.4.3 (AA): a text, a link as well, has at least this contrast. */
const leastContrast = 4.5;

const colourForm = /^#[0-9a-f]{6}$/;

/** The fault of a colour for links and buttons, or null: it is text on the pages, so it must be read on both of their backgrounds. */
export function accentFault(appearance: Appearance, colour: string): string | null {
  if (!colourForm.test(colour)) return 'must be a colour of the form #rrggbb in small letters';
  const { surface, canvas } = palettes[appearance];
  const poor = [surface, canvas].find((behind) => contrast(colour, behind) < leastContrast);
  if (poor === undefined) return null;
  // Rounded down, so that no refused colour seems to reach the limit.
  const measured = (Math.floor(contrast(colour, poor) * 100) / 100).toFixed(2);
  return `must have a contrast of at least ${leastContrast} to the ${appearance} background ${poor}; it has ${measured} (WCAG 2.2 §1.4.3)`;
}

/** The colours of one application, each for one appearance of the pages. */
export type Accents = { readonly [A in Appearance]?: string | undefined };

/** The address of the stylesheet for the colours of an application, or undefined where it has none. It says all that is in it, so it never changes. */
export const accentPath = ({ light, dark }: Accents): string | undefined =>
  light || dark
    ? `/assets/accent-${(light ?? '-').slice(1) || 'none'}-${(dark ?? '-').slice(1) || 'none'}.css`
    : undefined;

/** The stylesheet at such an address; undefined for any other address, and for colours that would be refused. */
export function accentStylesheet(path: string): string | undefined {
  const [, light, dark] = /^\/assets\/accent-([0-9a-f]{6}|none)-([0-9a-f]{6}|none)\.css$/.exec(path) ?? [];
  if (!light || !dark) return undefined;
  const rules = { light: propertiesOf('light', light), dark: propertiesOf('dark', dark) };
  if (rules.light === undefined || rules.dark === undefined) return undefined;
  return `:root{${rules.light}}@media (prefers-color-scheme:dark){:root{${rules.dark}}}\n`;
}

function propertiesOf(appearance: Appearance, digits: string): string | undefined {
  const { accent, accentHover, onAccent } = palettes[appearance];
  if (digits === 'none') return customProperties({ accent, accentHover, onAccent });
  const colour = `#${digits}`;
  if (accentFault(appearance, colour) !== null) return undefined;
  const isDark = contrast(colour, '#ffffff') >= contrast(colour, '#000000');
  // One of both is always readable. Under the pointer the colour moves away from its text.
  const own = isDark
    ? { accent: colour, accentHover: mixed(colour, 0), onAccent: '#ffffff' }
    : { accent: colour, accentHover: mixed(colour, 255), onAccent: '#000000' };
  return customProperties(own);
}

/** A colour with a fifth of black (0) or white (255) in it. */
const mixed = (colour: string, end: 0 | 255): string =>
  `#${[1, 3, 5]
    .map((at) => Math.round(Number.parseInt(colour.slice(at, at + 2), 16) * 0.8 + end * 0.2))
    .map((channel) => channel.toString(16).padStart(2, '0'))
    .join('')}`;
