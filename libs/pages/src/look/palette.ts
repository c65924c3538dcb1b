/** The colours of one appearance; every pair that carries meaning is checked for contrast by the specification beside this file. */
export interface Palette {
  /** Behind everything. */
  readonly canvas: string;
  /** Behind text: cards and fields. */
  readonly surface: string;
  readonly ink: string;
  /** Text of second rank. */
  readonly quiet: string;
  /** Borders of things that can be used. */
  readonly line: string;
  /** Borders that only decorate. */
  readonly hairline: string;
  readonly accent: string;
  readonly accentHover: string;
  readonly onAccent: string;
  readonly danger: string;
  readonly dangerSurface: string;
  readonly success: string;
  readonly successSurface: string;
}

export const day: Palette = {
  canvas: '#f3f3f8',
  surface: '#ffffff',
  ink: '#1a1a2e',
  quiet: '#55556f',
  line: '#84849e',
  hairline: '#e3e3ee',
  accent: '#4338ca',
  accentHover: '#362da6',
  onAccent: '#ffffff',
  danger: '#b3261e',
  dangerSurface: '#fdeeec',
  success: '#17663a',
  successSurface: '#e9f6ee',
};

export const night: Palette = {
  canvas: '#10101b',
  surface: '#1a1a29',
  ink: '#ecebf7',
  quiet: '#aeadc9',
  line: '#7b7a9e',
  hairline: '#2d2c43',
  accent: '#b5b0ff',
  accentHover: '#cfccff',
  onAccent: '#16142e',
  danger: '#ffb4ab',
  dangerSurface: '#371b1e',
  success: '#8fdcaa',
  successSurface: '#15301f',
};

/** WCAG 2.2 contrast ratio of two `#rrggbb` colours. */
export function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** The palette as CSS custom properties, e.g. `--on-accent`. */
export const customProperties = (palette: Partial<Palette>): string =>
  Object.entries(palette)
    .map(([name, value]) => `--${name.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`)}:${value};`)
    .join('');
