/** A figure with its 95 % interval. */
export interface Figure {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** How a figure is written. */
export type FigureWords = (figure: number) => string;

/** A figure with three digits that count. */
export const short: FigureWords = (figure) =>
  figure.toLocaleString(undefined, { maximumSignificantDigits: 3 });

/** A share as a percentage. */
export const percent: FigureWords = (figure) =>
  figure.toLocaleString(undefined, { style: 'percent', maximumSignificantDigits: 3 });

interface FigureCellProps {
  readonly of: Figure;
  readonly words?: FigureWords;
}

/** A cell of a table with a figure, and its interval below it. */
export const FigureCell = ({ of: { value, low, high }, words = short }: FigureCellProps) => (
  <td className="number">
    {words(value)}
    <span className="small quiet interval">
      {words(low)} – {words(high)}
    </span>
  </td>
);
