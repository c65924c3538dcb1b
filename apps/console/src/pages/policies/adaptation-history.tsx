import { useQuery } from '@tanstack/react-query';
import { ActorName } from '../../elements/author.js';
import type { CsvColumn } from '../../elements/csv.js';
import { durationWords } from '../../elements/durations.js';
import { TableHeading } from '../../elements/list-parts.js';
import { Failed, Loading } from '../../elements/states.js';
import { Time } from '../../elements/time.js';
import { reasonWords } from '../../elements/words.js';
import { type Step, stepsQuery } from './adaptation-queries.js';
import { NumbersOf } from './numbers-of.js';

const columns: readonly CsvColumn<Step>[] = [
  { heading: 'at', text: ({ at }) => at },
  { heading: 'step', text: ({ step }) => step },
  { heading: 'version', text: ({ version }) => version },
  { heading: 'from_seconds', text: ({ from }) => from },
  { heading: 'to_seconds', text: ({ to }) => to },
  { heading: 'share_percent', text: ({ share }) => share },
  { heading: 'by', text: ({ by }) => by?.username ?? by?.id ?? by?.kind ?? null },
  { heading: 'reasons', text: ({ reasons }) => reasons.join('; ') },
];

/** Every step that an adaptation took, with its reasons and the figures it rests on. */
export function AdaptationHistory({ policy }: { readonly policy: string }) {
  const found = useQuery(stepsQuery(policy));
  const steps = found.data ?? [];
  return (
    <section className="card stack" aria-label="History">
      <TableHeading title="History" file={`adaptation-${policy}.csv`} columns={columns} rows={steps} />
      {found.isPending && <Loading rows={2} label="Reading steps" />}
      {found.isError && <Failed error={found.error} onRetry={() => found.refetch()} />}
      {found.data?.length === 0 && <p className="quiet">No step was taken.</p>}
      <ol className="revisions">
        {steps.map((step) => (
          <li key={`${step.at} ${step.step}`}>
            <StepLine step={step} />
          </li>
        ))}
      </ol>
    </section>
  );
}

function StepLine({ step: { at, step, from, to, share, by, reasons, numbers } }: { readonly step: Step }) {
  return (
    <>
      <p>
        <span className={`badge ${step === 'rolled_back' ? 'bad' : ''}`}>{reasonWords(step)}</span>{' '}
        {from !== null && to !== null && (
          <span className="strong">
            {durationWords(from)} to {durationWords(to)}
            {share !== null && ` for ${share} % of the accounts`}
          </span>
        )}{' '}
        <span className="quiet small">
          <Time at={at} /> by {by ? <ActorName by={by} /> : 'nobody'}
        </span>
      </p>
      {reasons.length > 0 && <p className="small">{reasons.join('; ')}</p>}
      <NumbersOf numbers={numbers} />
    </>
  );
}
