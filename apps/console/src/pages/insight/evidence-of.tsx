import { percent } from '../../elements/figures.js';
import type { Evidence } from './insight-queries.js';

const dayWords = (at: string): string => new Date(at).toLocaleDateString(undefined, { dateStyle: 'medium' });

/** The window and the counts behind the figures, and what they do not know. */
export function EvidenceOf({ evidence }: { readonly evidence: Evidence }) {
  const { give_up_share: giveUp } = evidence;
  return (
    <section className="card stack" aria-label="Evidence">
      <h2>What this rests on</h2>
      <p>
        Silences: {evidence.silences.toLocaleString()}, in visits: {evidence.visits.toLocaleString()}, on
        days: {evidence.days.toLocaleString()}, between {dayWords(evidence.from)} and {dayWords(evidence.to)}.
        The share of people who give up at a sign-in page is {giveUp.measured ? 'measured' : 'assumed'}:{' '}
        {percent(giveUp.low)} to {percent(giveUp.high)}.
      </p>
      <ul className="small quiet bullets">
        {evidence.unknown.map((one) => (
          <li key={one}>{one}</li>
        ))}
      </ul>
    </section>
  );
}
