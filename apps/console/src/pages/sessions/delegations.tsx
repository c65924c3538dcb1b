import { Link } from '@tanstack/react-router';
import { ApiName, ClientName } from '../../elements/subject-names.js';
import { Time } from '../../elements/time.js';
import type { SessionDetails } from './session-queries.js';

type Delegation = SessionDetails['delegations'][number];

/** The applications that act for the person of a session, with tokens that were exchanged for its own and end with it. */
export function Delegations({ session }: { readonly session: SessionDetails }) {
  if (session.delegations.length === 0) return null;
  return (
    <section aria-label="Delegated" className="stack">
      <h2>Delegated to</h2>
      <ul className="siblings">
        {session.delegations.map((one) => (
          <Delegated key={JSON.stringify([one.actors, one.resource, one.scope])} delegation={one} />
        ))}
      </ul>
    </section>
  );
}

function Delegated({ delegation }: { readonly delegation: Delegation }) {
  const { actors, resource, scope, tokens, last_at, expires_at } = delegation;
  return (
    <li>
      {actors.map((id, index) => (
        <span key={id}>
          {index > 0 && ' for '}
          <Link to="/applications/$id" params={{ id }}>
            <ClientName id={id} />
          </Link>
        </span>
      ))}{' '}
      at <ApiName audience={resource} />
      <p className="small quiet">
        <span className="mono">{scope}</span>, {tokens === 1 ? 'one token' : `${tokens} tokens`}, the last{' '}
        <Time at={last_at} />, expires <Time at={expires_at} />
      </p>
    </li>
  );
}
