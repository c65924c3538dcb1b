import { durationWords } from '../../elements/durations.js';
import { FigureCell, percent, short } from '../../elements/figures.js';
import type { FoundTimeouts } from './insight-queries.js';

const steps = [
  ['ended', 'Ended by a timeout'],
  ['shown', 'Saw the sign-in page'],
  ['proved', 'Proved who they are'],
  ['resumed', 'Back at work'],
] as const;

const figures = [
  ['sign_ins_again_per_person_day', 'Sign-ins again per person and day', short],
  ['cut_at_work_per_day', 'People cut at work per day', short],
  ['gave_up_per_visit', 'Visits given up at the sign-in page', percent],
  ['cuts_per_visit', 'Ends by a timeout per visit', short],
] as const;

/** The way of people after a timeout, and how many of them give up on it. */
export function AfterTimeout({ found }: { readonly found: FoundTimeouts }) {
  const longest = found.funnel.at(-1);
  return (
    <div className="insight-pair">
      <section className="card stack" aria-label="After a timeout">
        <h2>After a timeout</h2>
        {longest && longest.ended > 0 ? (
          <Funnel funnel={found.funnel} />
        ) : (
          <p className="quiet">No session ended by a timeout.</p>
        )}
      </section>
      <section className="card stack" aria-label="Cost to people">
        <h2>What it costs people</h2>
        <table>
          <thead>
            <tr>
              <th scope="col">Figure</th>
              <th scope="col" className="number">
                Now
              </th>
            </tr>
          </thead>
          <tbody>
            {figures.map(([name, title, words]) => (
              <tr key={name}>
                <th scope="row">{title}</th>
                <FigureCell of={found.in_force[name]} words={words} />
              </tr>
            ))}
            <tr>
              <th scope="row">Timeouts that cut somebody at work</th>
              <FigureCell of={found.cut_while_working} words={percent} />
            </tr>
          </tbody>
        </table>
        <p className="small quiet">Below each figure stands its 95 % interval.</p>
      </section>
    </div>
  );
}

function Funnel({ funnel }: Pick<FoundTimeouts, 'funnel'>) {
  return (
    <table className="funnel">
      <thead>
        <tr>
          <th scope="col">Within</th>
          {steps.map(([name, title]) => (
            <th key={name} scope="col" className="number">
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {funnel.map((window) => (
          <tr key={window.within_seconds}>
            <th scope="row">{durationWords(window.within_seconds)}</th>
            {steps.map(([name, title]) => (
              <td key={name} className="number">
                {window[name].toLocaleString()}
                <meter
                  aria-label={`${title}, of those ended`}
                  min={0}
                  max={Math.max(1, window.ended)}
                  value={Math.min(window[name], window.ended)}
                />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
