import type { CsvColumn } from '../../elements/csv.js';
import { durationWords } from '../../elements/durations.js';
import { type Figure, FigureCell, percent, short } from '../../elements/figures.js';
import { TableHeading } from '../../elements/list-parts.js';
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

const funnelColumns: readonly CsvColumn<FoundTimeouts['funnel'][number]>[] = [
  { heading: 'within_seconds', text: ({ within_seconds }) => within_seconds },
  ...steps.map(([name]) => ({
    heading: name,
    text: (window: FoundTimeouts['funnel'][number]) => window[name],
  })),
];

interface NamedFigure extends Figure {
  readonly name: string;
}

const costColumns: readonly CsvColumn<NamedFigure>[] = [
  { heading: 'figure', text: ({ name }) => name },
  { heading: 'value', text: ({ value }) => value },
  { heading: 'low', text: ({ low }) => low },
  { heading: 'high', text: ({ high }) => high },
];

/** The figures as the admin API names them. */
const costOf = (found: FoundTimeouts): readonly NamedFigure[] => [
  ...figures.map(([name]) => ({ name, ...found.in_force[name] })),
  { name: 'cut_while_working', ...found.cut_while_working },
];

/** The way of people after a timeout, and how many of them give up on it. */
export function AfterTimeout({ found }: { readonly found: FoundTimeouts }) {
  const longest = found.funnel.at(-1);
  return (
    <div className="insight-pair">
      <section className="card stack" aria-label="After a timeout">
        <TableHeading
          title="After a timeout"
          file="after-a-timeout.csv"
          columns={funnelColumns}
          rows={found.funnel}
        />
        {longest && longest.ended > 0 ? (
          <Funnel funnel={found.funnel} />
        ) : (
          <p className="quiet">No session ended by a timeout.</p>
        )}
      </section>
      <section className="card stack" aria-label="Cost to people">
        <TableHeading
          title="What it costs people"
          file="cost-to-people.csv"
          columns={costColumns}
          rows={costOf(found)}
        />
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
