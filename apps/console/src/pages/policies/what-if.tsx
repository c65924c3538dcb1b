import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useId, useState } from 'react';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import type { CsvColumn } from '../../elements/csv.js';
import { durationWords } from '../../elements/durations.js';
import { TooLittleEvidence } from '../../elements/evidence.js';
import { type Figure, FigureCell } from '../../elements/figures.js';
import { CsvButton } from '../../elements/list-parts.js';
import { Failed, Loading } from '../../elements/states.js';
import type { Policy } from './policy-queries.js';
import type { PolicySearch } from './policy-search.js';
import { valueWords } from './setting-words.js';

/** The timeouts that the slider offers. Minutes. */
const minutes = [1, 2, 3, 5, 8, 10, 15, 20, 30, 45, 60, 90, 120, 240, 480, 720, 1_440] as const;

const figures = [
  ['sign_ins_again_per_person_day', 'Sign-ins more per person and day'],
  ['cuts_per_visit', 'Visits that are cut'],
  ['gave_up_per_visit', 'Visits that are given up'],
  ['exposure_hours_per_day', 'Hours a day that sessions lie open'],
] as const;

interface Row {
  readonly figure: string;
  readonly before: Figure;
  readonly after: Figure;
}

const parts = ['value', 'low', 'high'] as const;

const columns: readonly CsvColumn<Row>[] = [
  { heading: 'figure', text: ({ figure }) => figure },
  ...parts.map((part) => ({ heading: `now_${part}`, text: ({ before }: Row) => before[part] })),
  ...parts.map((part) => ({ heading: `then_${part}`, text: ({ after }: Row) => after[part] })),
];

const readEstimate = (policy: string, candidate: number) =>
  bodyOf(
    adminApi.GET('/v1/insight/what-if', {
      params: { query: { policy, inactivity_timeout: `${candidate}m` } },
    }),
  );

interface WhatIfProps {
  readonly policy: Policy;
  readonly search: PolicySearch;
}

/** Estimates what another inactivity timeout would do, with the interval in which the true figure lies. */
export function WhatIf({ policy, search }: WhatIfProps) {
  const navigate = useNavigate();
  const candidate = minutes.find((one) => one === search.minutes) ?? 15;
  const [at, setAt] = useState(minutes.indexOf(candidate));
  const ask = () =>
    void navigate({
      to: '/policies/$name',
      params: { name: policy.name },
      search: { ...search, minutes: minutes[at] ?? 15 },
      replace: true,
    });
  const estimate = useQuery({
    queryKey: ['what if', policy.name, candidate],
    enabled: policy.attached_to.length > 0,
    placeholderData: (before) => before,
    queryFn: () => readEstimate(policy.name, candidate),
  });
  const found = estimate.data?.found?.inactivity_timeout;
  const missing = estimate.data?.missing ?? [];
  return (
    <section className="card stack" aria-label="What if">
      <h2>What if sessions ended sooner, or later?</h2>
      <MinutesSlider
        at={at}
        instead={valueWords(policy.settings['inactivityTimeout'])}
        onMove={setAt}
        onRest={ask}
      />
      {policy.attached_to.length === 0 && <p className="quiet">The policy applies to nothing yet.</p>}
      {policy.attached_to.length > 0 && estimate.isPending && <Loading rows={2} label="Estimating" />}
      {estimate.isError && <Failed error={estimate.error} onRetry={() => estimate.refetch()} />}
      {missing.length > 0 && <TooLittleEvidence missing={missing} />}
      {found && <Comparison found={found} file={`what-if-${policy.name}-${candidate}m.csv`} />}
    </section>
  );
}

interface MinutesSliderProps {
  readonly at: number;
  readonly instead: string;
  readonly onMove: (at: number) => void;
  readonly onRest: () => void;
}

/** Chooses a timeout; the estimate is asked for when the slider rests, not at each of its steps. */
function MinutesSlider({ at, instead, onMove, onRest }: MinutesSliderProps) {
  const id = useId();
  const chosen = durationWords((minutes[at] ?? 15) * 60);
  return (
    <div className="field">
      <label htmlFor={id}>
        Without activity for {chosen} <span className="quiet">instead of {instead}</span>
      </label>
      <input
        id={id}
        type="range"
        min={0}
        max={minutes.length - 1}
        value={at}
        aria-valuetext={chosen}
        onChange={(event) => onMove(Number(event.target.value))}
        onPointerUp={onRest}
        onKeyUp={onRest}
      />
    </div>
  );
}

interface ComparisonProps {
  readonly file: string;
  readonly found: Readonly<Record<'before' | 'after', Readonly<Record<(typeof figures)[number][0], Figure>>>>;
}

/** Each figure under the timeout of today, and under the other one. */
function Comparison({ found, file }: ComparisonProps) {
  const rows = figures.map(([name, title]) => ({
    figure: title,
    before: found.before[name],
    after: found.after[name],
  }));
  return (
    <>
      <table>
        <thead>
          <tr>
            <th scope="col">Figure</th>
            <th scope="col" className="number">
              Now
            </th>
            <th scope="col" className="number">
              Then
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ figure, before, after }) => (
            <tr key={figure}>
              <th scope="row">{figure}</th>
              <FigureCell of={before} />
              <FigureCell of={after} />
            </tr>
          ))}
        </tbody>
      </table>
      <CsvButton file={file} columns={columns} rows={rows} />
      <p className="small quiet">Below each figure stands its 95 % interval. Nothing is changed by asking.</p>
    </>
  );
}
