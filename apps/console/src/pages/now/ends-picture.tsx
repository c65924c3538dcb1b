import { useServerNow } from '../../admin-api/server-time.js';
import { isGrave, reasonWords } from '../../elements/words.js';
import { type CountsOfSecond, shownSeconds, sumsOf, totalOf } from '../../feed/per-second.js';

const [width, height] = [600, 96];

/** Ends per second over the last minute: those that speak of an attack stand out at the foot of each bar. */
export function EndsPicture({ ends }: { readonly ends: readonly CountsOfSecond[] }) {
  const now = Math.floor(useServerNow() / 1000);
  const recent = ends.filter(({ second }) => second > now - shownSeconds);
  const bars = recent.map(({ second, byName }) => ({
    second,
    all: totalOf(byName),
    grave: totalOf(new Map([...byName].filter(([reason]) => isGrave(reason)))),
  }));
  const most = Math.max(1, ...bars.map(({ all }) => all));
  const sums = sumsOf(ends, now);
  const total = totalOf(sums);
  const step = width / shownSeconds;
  return (
    <figure className="card">
      <h2>Ends in the last minute</h2>
      <svg
        className="picture"
        viewBox={`0 0 ${width} ${height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${total} ends in the last minute, at most ${most} in a second`}
      >
        {bars.map(({ second, all, grave }) => {
          const x = width - (now - second + 1) * step;
          const size = (count: number) => (count / most) * (height - 4);
          return (
            <g key={second}>
              <rect className="all" x={x} y={height - size(all)} width={step - 2} height={size(all)} />
              <rect className="grave" x={x} y={height - size(grave)} width={step - 2} height={size(grave)} />
            </g>
          );
        })}
      </svg>
      <figcaption>
        {total === 0 ? <span className="quiet">No session ended.</span> : <Reasons sums={sums} />}
      </figcaption>
    </figure>
  );
}

/** Counts by reason, the most frequent first. */
export function Reasons({ sums }: { readonly sums: ReadonlyMap<string, number> }) {
  return (
    <ul className="reasons">
      {[...sums]
        .toSorted(([, one], [, other]) => other - one)
        .map(([reason, count]) => (
          <li key={reason}>
            <span className={`badge ${isGrave(reason) ? 'bad' : ''}`}>{reasonWords(reason)}</span>{' '}
            {count.toLocaleString()}
          </li>
        ))}
    </ul>
  );
}
