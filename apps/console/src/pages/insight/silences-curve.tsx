import type { CsvColumn } from '../../elements/csv.js';
import { durationWords } from '../../elements/durations.js';
import { TableHeading } from '../../elements/list-parts.js';
import type { Evidence, FoundTimeouts } from './insight-queries.js';
import { barsOf, markAt, ticks } from './silences-picture.js';

type Point = FoundTimeouts['curve'][number];

const columns: readonly CsvColumn<Point>[] = [
  { heading: 'from_seconds', text: ({ from_seconds }) => from_seconds },
  { heading: 'to_seconds', text: ({ to_seconds }) => to_seconds },
  { heading: 'returned', text: ({ returned }) => returned },
  { heading: 'came_back', text: ({ came_back }) => came_back },
];

interface SilencesCurveProps {
  readonly found: FoundTimeouts;
  readonly evidence: Evidence;
}

/** How long silences are, on a scale of ratios, with the timeouts in force and the length at which silences are rarest. */
export function SilencesCurve({ found: { curve, valley }, evidence }: SilencesCurveProps) {
  const inForce = evidence.inactivity_timeouts;
  const marks = [
    ...[...new Set(inForce)].map((seconds) => ({ seconds, look: 'in-force', words: 'in force' })),
    ...(valley ? [{ seconds: valley.seconds, look: 'valley', words: 'rarest' }] : []),
  ];
  return (
    <figure className="card stack" aria-label="Silences">
      <TableHeading title="How long people are silent" file="silences.csv" columns={columns} rows={curve} />
      <Picture curve={curve} marks={marks} />
      <figcaption className="small">
        <ul className="legend">
          <li className="returned">silences that ended by activity</li>
          <li className="came-back">people who came back after a timeout</li>
          {inForce.length > 0 && (
            <li className="in-force">
              in force: {[...new Set(inForce)].map((seconds) => durationWords(seconds)).join(', ')}
            </li>
          )}
          {valley && <li className="valley">rarest: about {durationWords(valley.seconds)}</li>}
        </ul>
        <p className="quiet">
          Shorter silences than the rarest are people at work, longer ones people who have left. A timeout
          near the rarest length cuts few people.
        </p>
      </figcaption>
    </figure>
  );
}

interface Mark {
  readonly seconds: number;
  readonly look: string;
  readonly words: string;
}

function Picture({ curve, marks }: { readonly curve: readonly Point[]; readonly marks: readonly Mark[] }) {
  const total = curve.reduce((sum, { returned }) => sum + returned, 0);
  const said = marks.map(({ seconds, words }) => `${words} ${durationWords(seconds)}`).join(', ');
  return (
    <div
      className="curve"
      role="img"
      aria-label={`${total.toLocaleString()} silences by their length; ${said}`}
    >
      <svg viewBox="0 0 1000 200" preserveAspectRatio="none" aria-hidden="true">
        {(['returned', 'came_back'] as const).map((kind) => (
          <g key={kind} className={kind}>
            {barsOf(curve, kind).map(({ x, width, height }) => (
              <rect key={x} x={x} y={200 - height} width={width} height={height} />
            ))}
          </g>
        ))}
        {marks.map(({ seconds, look }) => (
          <line
            key={`${look} ${seconds}`}
            className={look}
            x1={markAt(seconds)}
            x2={markAt(seconds)}
            y1={0}
            y2={200}
          />
        ))}
      </svg>
      <ol className="axis" aria-hidden="true">
        {ticks.map(({ seconds, place }) => (
          <li key={seconds} className={`tick-${place}`}>
            {durationWords(seconds)}
          </li>
        ))}
      </ol>
    </div>
  );
}
