import { useQuery } from '@tanstack/react-query';
import { useMay } from '../../admin-api/caller.js';
import { useScopeReason } from '../../elements/act-button.js';
import type { CsvColumn } from '../../elements/csv.js';
import { ExplainedButton } from '../../elements/explained-button.js';
import { Icon } from '../../elements/icon.js';
import { CsvButton } from '../../elements/list-parts.js';
import { Empty, Failed, Loading } from '../../elements/states.js';
import { Time } from '../../elements/time.js';
import { doctorQuery, type Finding } from './system-queries.js';

const columns: readonly CsvColumn<Finding>[] = [
  { heading: 'name', text: ({ name }) => name },
  { heading: 'state', text: ({ state }) => state },
  { heading: 'detail', text: ({ detail }) => detail },
  { heading: 'advice', text: ({ advice }) => advice },
];

const looks = { ok: 'good', note: '', wrong: 'bad' } as const;
/** The worst stands first. */
const order = ['wrong', 'note', 'ok'] as const;

/** The checks of the installation, the worst first, with what to do about it. */
export function Doctor() {
  const may = useMay('events:read');
  const off = useScopeReason('events:read');
  const found = useQuery({ ...doctorQuery, enabled: may });
  const findings = found.data?.items ?? [];
  return (
    <section className="card" aria-label="Doctor" aria-busy={found.isFetching}>
      <div className="heading">
        <h2>Doctor</h2>
        <div className="actions">
          <span className="small quiet">
            {found.data && (
              <>
                looked <Time at={found.data.examined_at} />
              </>
            )}
          </span>
          <CsvButton file="doctor.csv" columns={columns} rows={findings} />
          <ExplainedButton
            className="plain compact"
            off={off}
            busy={found.isFetching}
            onPress={() => void found.refetch()}
          >
            <Icon name="refresh" />
            {found.isFetching ? 'Looking …' : 'Look again'}
          </ExplainedButton>
        </div>
      </div>
      {!may && (
        <p className="quiet">
          You need the scope <code>events:read</code> to see what it finds.
        </p>
      )}
      {/* About as high as what it finds, so that the cards below stay where they are. */}
      {may && found.isPending && <Loading rows={16} label="Looking at the installation" />}
      {found.isError && <Failed error={found.error} onRetry={() => found.refetch()} />}
      {found.data && findings.length === 0 && <Empty title="Nothing was looked at." />}
      {findings.length > 0 && <Findings findings={findings} />}
      <p className="quiet small">
        <code>npx curfew doctor</code> looks at the settings and the chain of events, too, from the machine
        that it runs on.
      </p>
    </section>
  );
}

function Findings({ findings }: { readonly findings: readonly Finding[] }) {
  return (
    <ul className="findings">
      {order
        .flatMap((state) => findings.filter((finding) => finding.state === state))
        .map(({ name, state, detail, advice }) => (
          <li key={`${name} ${detail}`}>
            <span className={`badge ${looks[state]}`}>{state}</span>
            <div>
              <p>
                <span className="strong">{name}</span> <span className="quiet">{detail}</span>
              </p>
              {advice && <p className="advice">{advice}</p>}
            </div>
          </li>
        ))}
    </ul>
  );
}
