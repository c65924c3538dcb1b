import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { ActButton } from '../../elements/act-button.js';
import { ConfirmDialog } from '../../elements/confirm-dialog.js';
import { Facts } from '../../elements/record.js';
import { Failed, Loading } from '../../elements/states.js';
import { Time } from '../../elements/time.js';
import { personFactorsQuery } from './people-queries.js';

/** The second factors of a person, which can be removed for somebody who has lost them. */
export function PersonFactors({ id }: { readonly id: string }) {
  const found = useQuery(personFactorsQuery(id));
  const queries = useQueryClient();
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
          <Facts
            of={[
              [
                'Authenticator app',
                <span key="app">
                  since <Time at={app.created_at} />
                  {app.last_used_at && (
                    <>
                      , used <Time at={app.last_used_at} />
                    </>
                  )}
                </span>,
              ],
              ['Recovery codes left', String(found.data.recovery_codes_left)],
              [
                'Asked for',
                found.data.asked_at_every_sign_in
                  ? 'at every sign-in'
                  : 'where an application or a policy demands it',
              ],
            ]}
          />
          <ActButton scope="accounts:write" look="ending" onAct={() => setRemoving(true)}>
            Remove them …
          </ActButton>
        </>
      )}
      {isRemoving && (
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
          onClose={() => setRemoving(false)}
        >
          <p>
            The password alone signs this person in afterwards. Make sure that it is they who ask you for
            this.
          </p>
        </ConfirmDialog>
      )}
    </section>
  );
}
