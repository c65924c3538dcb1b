import { ActorName } from '../../elements/author.js';
import { exactWords } from '../../elements/durations.js';
import { Time } from '../../elements/time.js';
import { camelWords, isGrave, reasonWords } from '../../elements/words.js';
import type { SessionDetails } from './session-queries.js';

type Entry = SessionDetails['timeline'][number];

/** Members of an event whose value is a name of a closed list. */
const named: ReadonlySet<string> = new Set(['reason', 'cause', 'kind', 'token']);

/** The history of a session, the latest first: each event with its actor, its cause, and the evidence behind a fold. */
export function Timeline({ session }: { readonly session: SessionDetails }) {
  return (
    <>
      {session.timeline_truncated && <p className="small quiet">Older events are left out here.</p>}
      <ol className="timeline">
        {session.timeline.toReversed().map((entry) => (
          <TimelineEntry key={`${entry.at} ${entry.type}`} entry={entry} />
        ))}
      </ol>
    </>
  );
}

const titleOf = ({ type, count }: Entry): string => {
  const words = reasonWords(type.replace(/^sessions?\./, '').replace('.', ': '));
  return count > 1 ? `${words} × ${count}` : words;
};

const lookOf = ({ type, data }: Entry): string => {
  if (/reuse|risk|refused|denied/.test(type) || isGrave(String(data['reason'] ?? ''))) return 'bad';
  return /started|signed_in/.test(type) ? 'good' : '';
};

function TimelineEntry({ entry }: { readonly entry: Entry }) {
  const { at, until, by, cause, data } = entry;
  const facts = Object.entries(data).filter(([, value]) => value !== null && typeof value !== 'object');
  const reason = typeof data['reason'] === 'string' ? data['reason'] : undefined;
  return (
    <li className={lookOf(entry)}>
      <p>
        <span className="strong">{titleOf(entry)}</span>{' '}
        <span className="quiet">
          <Time at={at} />
          {until && (
            <>
              {' – '}
              <Time at={until} />
            </>
          )}
        </span>
      </p>
      {(reason || cause) && (
        <p className="small">
          {[reason, cause].filter(Boolean).map(String).map(reasonWords).join(', because of ')}
        </p>
      )}
      {by && (
        <p className="small quiet">
          by <ActorName by={by} />
          {by.ip && ` from ${by.ip}`}
        </p>
      )}
      {facts.length > 0 && (
        <details>
          <summary>Evidence</summary>
          <dl className="facts small">
            <dt>exactly</dt>
            <dd>{exactWords(at)}</dd>
            {facts.map(([name, value]) => (
              <div key={name} className="fact">
                <dt>{camelWords(reasonWords(name))}</dt>
                <dd>{named.has(name) ? reasonWords(String(value)) : String(value)}</dd>
              </div>
            ))}
          </dl>
        </details>
      )}
    </li>
  );
}
