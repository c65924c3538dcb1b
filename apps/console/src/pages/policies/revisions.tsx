import { useQuery } from '@tanstack/react-query';
import { Failed, Loading } from '../../elements/states.js';
import { Time } from '../../elements/time.js';
import { revisionsQuery } from './policy-queries.js';
import { type Difference, differences, settingWords, valueWords } from './setting-words.js';

/** How a policy came about: each revision with what it changed. */
export function Revisions({ name }: { readonly name: string }) {
  const found = useQuery(revisionsQuery(name));
  const revisions = found.data ?? [];
  return (
    <section className="card stack" aria-label="Revisions">
      <h2>Revisions</h2>
      {found.isPending && <Loading rows={2} label="Reading revisions" />}
      {found.isError && <Failed error={found.error} onRetry={() => found.refetch()} />}
      <ol className="revisions">
        {revisions.map(({ version, created_at, created_by, settings }, index) => {
          const before = revisions[index + 1];
          return (
            <li key={version}>
              <p>
                <span className="strong">Version {version}</span>{' '}
                <span className="quiet">
                  {created_at && <Time at={created_at} />} {created_by && `by ${created_by}`}
                </span>
              </p>
              {before ? (
                <Differences of={differences(before.settings, settings)} />
              ) : (
                <p className="small quiet">The first one.</p>
              )}
            </li>
          );
        })}
      </ol>
    </section>
  );
}

/** The differences between two revisions, setting by setting. */
export function Differences({ of }: { readonly of: readonly Difference[] }) {
  if (of.length === 0) return <p className="small quiet">No setting differs.</p>;
  return (
    <ul className="small">
      {of.map(({ name, before, after }) => (
        <li key={name}>
          {settingWords(name)}: <del>{valueWords(before, name)}</del> <ins>{valueWords(after, name)}</ins>
        </li>
      ))}
    </ul>
  );
}
