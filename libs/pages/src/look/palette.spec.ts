import { contrast, day, night, type Palette } from './palette.js';

type Pair = [text: keyof Palette, behind: keyof Palette];

const text: Pair[] = [
  ['ink', 'surface'],
  ['ink', 'canvas'],
  ['quiet', 'surface'],
  ['quiet', 'canvas'],
  ['accent', 'surface'],
  ['accent', 'canvas'],
  ['onAccent', 'accent'],
  ['onAccent', 'accentHover'],
  ['danger', 'surface'],
  ['danger', 'dangerSurface'],
  ['ink', 'dangerSurface'],
  ['success', 'successSurface'],
  ['ink', 'successSurface'],
];
const borders: Pair[] = [
  ['line', 'surface'],
  ['accent', 'surface'],
  ['accent', 'canvas'],
];

describe.each([
  ['by day', day],
  ['by night', night],
])('the palette %s', (_, palette) => {
  it.each(text)('lets %s on %s be read (WCAG 1.4.3: at least 4.5)', (one, other) => {
    expect(contrast(palette[one], palette[other])).toBeGreaterThanOrEqual(4.5);
  });

  it.each(borders)('lets a border of %s on %s be seen (WCAG 1.4.11: at least 3)', (one, other) => {
    expect(contrast(palette[one], palette[other])).toBeGreaterThanOrEqual(3);
  });
});

it('measures black on white as 21', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5);
});
