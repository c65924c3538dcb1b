import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { ActButton } from '../../elements/act-button.js';
import { ConfirmDialog } from '../../elements/confirm-dialog.js';
import { Facts } from '../../elements/record.js';
import { Failed, Loading } from '../../elements/states.js';
import { Time } from '../../elements/time.js';
import { type Factors, personFactorsQuery } from './people-queries.js';

/** The second factors of a person, which can be removed for somebody who has lost them. */
export function PersonFactors({ id }: { readonly id: string }) {
  const found = useQuery(personFactorsQuery(id));
  const [isRemoving, setRemoving] = useState(false);
  const app = found.data?.authenticator_app;
  return (
    <section className="card stack" aria-label="Second factors">
      <h2>Second factors</h2>
      {found.isPending && <Loading rows={2} label="Reading factors" />}
      {found.isError && <Failed error={found.error} onRetry={() => found.refetch()} />}
      {found.data && !app && <p className="quiet">None: a password is enough to sign in.</p>}
      {found.data && app && (
        <>
          <FactorFacts factors={found.data} app={app} />
          <ActButton scope="accounts:write" look="ending" onAct={() => setRemoving(true)}>
            Remove them …
          </ActButton>
        </>
      )}
      {isRemoving && <RemoveFactors id={id} onClose={() => setRemoving(false)} />}
    </section>
  );
}

interface FactorFactsProps {
  readonly factors: Factors;
  readonly app: NonNullable<Factors['authenticator_app']>;
}

function FactorFacts({ factors, app }: FactorFactsProps) {
  const since = (
    <span>
      since <Time at={app.created_at} />
      {app.last_used_at && (
        <>
          , used <Time at={app.last_used_at} />
        </>
      )}
    </span>
  );
  return (
    <Facts
      of={[
        ['Authenticator app', since],
        ['Recovery codes left', String(factors.recovery_codes_left)],
        [
          'Asked for',
          factors.asked_at_every_sign_in ? 'at every sign-in' : 'where an application or a policy demands it',
        ],
      ]}
    />
  );
}

/** Removes the second factors of somebody who has lost them. */
function RemoveFactors({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const queries = useQueryClient();
  return (
    <ConfirmDialog
      title="Remove the second factors"
      button="Remove them"
      isDanger
      hasNote
      act={(note) =>
        bodyOf(
          adminApi.DELETE('/v1/accounts/{id}/factors', {
            params: { path: { id }, query: note === undefined ? {} : { note } },
          }),
        )
      }
      onDone={() => void queries.invalidateQueries({ queryKey: ['account', id] })}
      onClose={onClose}
    >
      <p>
        The password alone signs this person in afterwards. Make sure that it is they who ask you for this.
      </p>
    </ConfirmDialog>
  );
}
