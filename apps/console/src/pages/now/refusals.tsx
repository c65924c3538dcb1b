import { useServerNow } from '../../admin-api/server-time.js';
import { type CountsOfSecond, sumsOf } from '../../feed/per-second.js';
import { Reasons } from './ends-picture.js';

/** The refusals of the last minute, by their cause. */
export function Refusals({ refusals }: { readonly refusals: readonly CountsOfSecond[] }) {
  const now = Math.floor(useServerNow() / 1000);
  const sums = sumsOf(refusals, now);
  return (
    <section className="card" aria-label="Refusals">
      <h2>Refused in the last minute</h2>
      {sums.size === 0 ? <p className="quiet">Nothing was refused.</p> : <Reasons sums={sums} />}
    </section>
  );
}
