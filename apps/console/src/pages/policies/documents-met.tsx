import type { operations } from '../../generated/admin-api.js';
import { settingWords } from './setting-words.js';

/** The findings of the linter about settings. */
export type Lint = operations['lintPolicy']['responses'][200]['content']['application/json'];

/** The documents whose timeouts settings keep, each with its source, and what is laxer than the others allow. */
export function DocumentsMet({ of }: { readonly of: Lint['compliance'] }) {
  return (
    <section className="stack" aria-label="Documents">
      <h3>Timeouts of documents</h3>
      <ul className="documents small">
        {of.map(({ profile, source, met, missed_by: missed, timeouts_of: parts }) => (
          <li key={profile}>
            <span className={`badge ${met ? 'good' : ''}`}>{met ? 'kept' : 'not kept'}</span>{' '}
            <span className="strong" title={parts}>
              {profile}
            </span>{' '}
            <span className="quiet">{source}</span>
            {missed.length > 0 && <p>Laxer than it allows: {missed.map(settingWords).join(', ')}</p>}
          </li>
        ))}
      </ul>
    </section>
  );
}
