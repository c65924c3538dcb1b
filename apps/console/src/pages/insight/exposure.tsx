import { Link } from '@tanstack/react-router';
import type { CsvColumn } from '../../elements/csv.js';
import { FigureCell, short } from '../../elements/figures.js';
import { TableHeading } from '../../elements/list-parts.js';
import { Time } from '../../elements/time.js';
import type { FoundExposure } from './insight-queries.js';

type Week = FoundExposure['over_time'][number];

const columns: readonly CsvColumn<Week>[] = [
  { heading: 'from', text: ({ from }) => from },
  { heading: 'days', text: ({ days }) => days },
  { heading: 'hours_per_day', text: ({ hours_per_day: { value } }) => value },
  { heading: 'low', text: ({ hours_per_day: { low } }) => low },
  { heading: 'high', text: ({ hours_per_day: { high } }) => high },
];

interface ExposureProps {
  readonly found: FoundExposure;
  /** The policy that was asked about. */
  readonly policy: string | undefined;
}

/** The hours in which sessions are alive and nobody is there: now, and by week. */
export function Exposure({ found, policy }: ExposureProps) {
  const { now } = found;
  return (
    <section className="card stack" aria-label="Exposure">
      <TableHeading
        title="Alive, and nobody there"
        file="exposure.csv"
        columns={columns}
        rows={found.over_time}
      />
      <p>
        <span className="strong">{short(found.hours_per_day.value)} hours a day</span> (
        {short(found.hours_per_day.low)} – {short(found.hours_per_day.high)})
        {now &&
          `. At this moment ${now.unattended.toLocaleString()} of ${now.live.toLocaleString()} live sessions are unattended, and stay usable for ${short(now.usable_hours)} hours together if nobody comes back`}
        .
      </p>
      <Weeks weeks={found.over_time} />
      {policy === undefined && (
        <p className="small quiet">
          Choose a policy to see the exposure before and after each of its changes.
        </p>
      )}
    </section>
  );
}

function Weeks({ weeks }: { readonly weeks: readonly Week[] }) {
  const tallest = Math.max(...weeks.map(({ hours_per_day: { high } }) => high), Number.MIN_VALUE);
  const step = 1_000 / Math.max(12, weeks.length);
  const up = (hours: number) => (hours / tallest) * 190;
  return (
    <>
      <svg className="weeks" viewBox="0 0 1000 200" preserveAspectRatio="none" aria-hidden="true">
        {weeks.map(({ from, hours_per_day: { value, low, high } }, index) => (
          <g key={from}>
            <rect x={index * step + step * 0.15} y={200 - up(value)} width={step * 0.7} height={up(value)} />
            <line
              x1={index * step + step / 2}
              x2={index * step + step / 2}
              y1={200 - up(low)}
              y2={200 - up(high)}
            />
          </g>
        ))}
      </svg>
      <table>
        <thead>
          <tr>
            <th scope="col">Week from</th>
            <th scope="col" className="number">
              Days counted
            </th>
            <th scope="col" className="number">
              Hours a day
            </th>
          </tr>
        </thead>
        <tbody>
          {weeks.map(({ from, days, hours_per_day: hours }) => (
            <tr key={from}>
              <th scope="row">
                <Time at={from} />
              </th>
              <td className="number">{days}</td>
              <FigureCell of={hours} />
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

interface ChangesProps {
  readonly changes: FoundExposure['changes'];
  readonly policy: string;
}

const changeColumns: readonly CsvColumn<FoundExposure['changes'][number]>[] = [
  { heading: 'version', text: ({ version }) => version },
  { heading: 'at', text: ({ at }) => at },
  { heading: 'hours_per_day_before', text: ({ before }) => before.value },
  { heading: 'hours_per_day_predicted', text: ({ predicted }) => predicted.value },
  { heading: 'hours_per_day_since', text: ({ after }) => after.value },
];

/** Each change of the policy: the hours before it, those that were predicted, and those since. */
export function Changes({ changes, policy }: ChangesProps) {
  return (
    <section className="card stack" aria-label="Changes">
      <TableHeading
        title="Before and after each change"
        file="changes.csv"
        columns={changeColumns}
        rows={changes}
      />
      {changes.length === 0 ? (
        <p className="quiet">The policy was not changed in this time.</p>
      ) : (
        <>
          <ChangeTable changes={changes} policy={policy} />
          <p className="small quiet">
            Hours a day in which sessions are alive and nobody is there. The day of a change belongs to
            neither side.
          </p>
        </>
      )}
    </section>
  );
}

function ChangeTable({ changes, policy }: ChangesProps) {
  return (
    <div className="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Change</th>
            <th scope="col" className="number">
              Before
            </th>
            <th scope="col" className="number">
              Predicted
            </th>
            <th scope="col" className="number">
              Since
            </th>
          </tr>
        </thead>
        <tbody>
          {changes.map(({ version, at, before, predicted, after }) => (
            <tr key={version}>
              <th scope="row">
                <Link to="/policies/$name" params={{ name: policy }} data-row={`change ${version}`}>
                  Version {version}
                </Link>
                <p className="small quiet">
                  <Time at={at} />
                </p>
              </th>
              <FigureCell of={before} />
              <FigureCell of={predicted} />
              <FigureCell of={after} />
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
