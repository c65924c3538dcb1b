import { Link, useSearch } from '@tanstack/react-router';
import { Failed, Loading } from '../../elements/states.js';
import { reasonWords } from '../../elements/words.js';
import type { Session, SessionDetails, useBrowserOf } from './session-queries.js';

/** Sessions that are named. */
const maxNamed = 8;

interface SameBrowserProps {
  readonly session: SessionDetails;
  readonly browser: ReturnType<typeof useBrowserOf>;
}

/** The other sessions that the same browser signed in: they end with it, and an end can be kept from them. */
export function SameBrowser({ session, browser }: SameBrowserProps) {
  if (session.browser === null) return null;
  const siblings = browser.data?.sessions.filter(({ id }) => id !== session.id) ?? [];
  return (
    <section aria-label="Same browser" className="stack">
      <h2>Signed in with the same browser</h2>
      {browser.isPending && <Loading rows={1} label="Reading the browser" />}
      {browser.isError && <Failed error={browser.error} onRetry={() => browser.refetch()} />}
      {browser.data && siblings.length === 0 && <p className="quiet">Nothing else.</p>}
      <ul className="siblings">
        {siblings.slice(0, maxNamed).map((sibling) => (
          <Sibling key={sibling.id} session={sibling} />
        ))}
      </ul>
      {siblings.length > maxNamed && (
        <p className="small quiet">and {(siblings.length - maxNamed).toLocaleString()} more</p>
      )}
    </section>
  );
}

function Sibling({ session }: { readonly session: Session }) {
  const search = useSearch({ from: '/shell/sessions' });
  return (
    <li>
      <Link to="/sessions/$id" params={{ id: session.id }} search={search}>
        {session.client_name ?? session.client_id}
      </Link>{' '}
      <span className={`badge ${session.state === 'live' ? 'good' : ''}`}>
        {session.end_reason ? reasonWords(session.end_reason) : 'live'}
      </span>
    </li>
  );
}
