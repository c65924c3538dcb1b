import { useCaller } from '../../admin-api/caller.js';
import type { Person } from './people-queries.js';

/** The state of an account in a few words. */
export function PersonBadges({ person }: { readonly person: Person }) {
  const caller = useCaller();
  return (
    <span className="badges">
      {person.disabled_at ? (
        <span className="badge bad">disabled</span>
      ) : (
        <span className="badge good">active</span>
      )}
      {person.must_change_password && <span className="badge">must choose a password</span>}
      {person.first_run && <span className="badge">of the first start</span>}
      {caller?.account_id === person.id && <span className="badge good">you</span>}
    </span>
  );
}
