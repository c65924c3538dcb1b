import { Link } from '@tanstack/react-router';
import { Time } from '../../elements/time.js';
import { reasonWords } from '../../elements/words.js';
import { judgedWords } from '../policies/setting-words.js';
import type { Control, Report } from './compliance-queries.js';

/** Judgements in words. */
export const stateWords = { met: 'met', not_met: 'not met', not_applicable: 'not applicable' } as const;

const looks = { met: 'good', not_met: 'bad', not_applicable: '' } as const;

/** Whose sessions a judgement is about: their name, with the id. */
export function SubjectName({ of: { target, name } }: { readonly of: Report['subjects'][number] }) {
  if (target.kind === 'everyone') return <span className="strong">Everyone else</span>;
  const id = target.kind === 'client' ? target.client_id : target.audience;
  return (
    <>
      <span className="strong">{name ?? id}</span>{' '}
      {name !== null && name !== id && <span className="small quiet mono">{id}</span>}
    </>
  );
}

interface ControlRowProps {
  readonly id: string;
  readonly control: Control;
  readonly report: Report;
}

/** A control as a line that opens to its checks and its evidence. */
export function ControlRow({ id, control, report }: ControlRowProps) {
  const since = control.state === 'met' ? control.results[0]?.in_force_since : null;
  return (
    <li>
      <details>
        <summary data-row={id}>
          <span className="mono section">{control.section}</span>
          <span>{control.asks}</span>
          <span className="judged">
            <span className={`badge ${looks[control.state]}`}>{stateWords[control.state]}</span>
            {since && (
              <span className="small quiet">
                since <Time at={since} />
              </span>
            )}
          </span>
        </summary>
        <div className="stack opened">
          {control.note && <p className="quiet">{control.note}</p>}
          {control.results.map((result) => (
            <Result key={result.subject} result={result} report={report} />
          ))}
          <Evidence control={control} report={report} />
        </div>
      </details>
    </li>
  );
}

function Result({
  result,
  report,
}: {
  readonly result: Control['results'][number];
  readonly report: Report;
}) {
  const subject = report.subjects[result.subject];
  return (
    <div>
      {report.subjects.length > 1 && subject && (
        <p>
          <SubjectName of={subject} />{' '}
          <span className={`badge ${looks[result.state]}`}>{stateWords[result.state]}</span>
        </p>
      )}
      <ul className="checks">
        {result.checks.map(({ kind, setting, asks, value, state }) => (
          <li key={`${kind} ${setting ?? ''} ${asks}`} className={looks[state]}>
            <span aria-hidden="true">{state === 'met' ? '✓' : state === 'not_met' ? '✗' : '–'}</span>{' '}
            <span className="unseen">{stateWords[state]}: </span>
            {setting && <code>{setting}</code>} {asks}
            {value !== null && (
              <>
                , is <strong>{setting ? judgedWords(value, setting) : value}</strong>
              </>
            )}
            {kind === 'always' && <span className="quiet"> (always)</span>}
            {kind === 'gap' && <span className="quiet"> (gap)</span>}
          </li>
        ))}
      </ul>
      {result.in_force_since && (
        <p className="small quiet">
          In force since <Time at={result.in_force_since} />
          {result.throughout === false && ', so not in the whole period'}
        </p>
      )}
    </div>
  );
}

function Evidence({ control, report }: Pick<ControlRowProps, 'control' | 'report'>) {
  if (control.events.length === 0 && control.tests.length === 0)
    return <p className="small quiet">No evidence is recorded for this.</p>;
  const { since, until } = report.period;
  return (
    <ul className="small quiet">
      {control.events.map(({ type, reason, count, at_least: atLeast, latest }) => (
        <li key={`${type} ${reason}`}>
          <Link to="/events" search={{ type, since, until }}>
            {atLeast && 'at least '}
            {count} × {reasonWords(type.replace('.', ' '))}
            {reason && `: ${reasonWords(reason)}`}
          </Link>{' '}
          {latest && (
            <>
              latest <Time at={latest.at} />
            </>
          )}
        </li>
      ))}
      {control.tests.map(({ file, title }) => (
        <li key={title}>
          test <code>{file}</code>: {title}
        </li>
      ))}
    </ul>
  );
}
