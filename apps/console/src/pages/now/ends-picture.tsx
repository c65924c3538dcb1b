import { useServerNow } from '../../admin-api/server-time.js';
import { isGrave, reasonWords } from '../../elements/words.js';
import { type EndsOfSecond, pictureSeconds } from './feed-state.js';

const [width, height] = [600, 96];

/** Ends per second over the last minute: those that speak of an attack stand out at the foot of each bar. */
export function EndsPicture({ ends }: { readonly ends: readonly EndsOfSecond[] }) {
  const now = Math.floor(useServerNow() / 1000);
  const recent = ends.filter(({ second }) => second > now - pictureSeconds);
  const bars = recent.map(({ second, byReason }) => {
    const all = [...byReason].reduce((sum, [, count]) => sum + count, 0);
    const grave = [...byReason]
      .filter(([reason]) => isGrave(reason))
      .reduce((sum, [, count]) => sum + count, 0);
    return { second, all, grave };
  });
  const most = Math.max(1, ...bars.map(({ all }) => all));
  const sums = new Map<string, number>();
  for (const { byReason } of recent)
    for (const [reason, count] of byReason) sums.set(reason, (sums.get(reason) ?? 0) + count);
  const total = [...sums.values()].reduce((sum, count) => sum + count, 0);
  const step = width / pictureSeconds;
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
        {total === 0 ? (
          <span className="quiet">No session ended.</span>
        ) : (
          <ul className="reasons">
            {[...sums]
              .toSorted(([, one], [, other]) => other - one)
              .map(([reason, count]) => (
                <li key={reason}>
                  <span className={`badge ${isGrave(reason) ? 'bad' : ''}`}>{reasonWords(reason)}</span>{' '}
                  {count}
                </li>
              ))}
          </ul>
        )}
      </figcaption>
    </figure>
  );
}
