import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { clientInPath } from '../../admin-api/in-path.js';
import { useClientName } from '../../admin-api/names.js';
import { ActButton } from '../../elements/act-button.js';
import { ConfirmDialog } from '../../elements/confirm-dialog.js';
import { Failed, Loading } from '../../elements/states.js';
import { ClientName } from '../../elements/subject-names.js';
import { Time } from '../../elements/time.js';
import { personConsentsQuery } from './people-queries.js';

/** The consents of a person, which can be taken back for them. */
export function PersonConsents({ id }: { readonly id: string }) {
  const found = useQuery(personConsentsQuery(id));
  const nameOf = useClientName((found.data?.items ?? []).map(({ client_id }) => client_id));
  const queries = useQueryClient();
  const [withdrawing, setWithdrawing] = useState<string>();
  return (
    <section className="card stack" aria-label="Allowed applications">
      <h2>Allowed applications</h2>
      {found.isPending && <Loading rows={2} label="Reading consents" />}
      {found.isError && <Failed error={found.error} onRetry={() => found.refetch()} />}
      {found.data?.items.length === 0 && <p className="quiet">None.</p>}
      <ul className="items">
        {found.data?.items.map(({ client_id, granted_at, scopes, resources }) => (
          <li key={client_id}>
            <span className="about">
              <ClientName id={client_id} />{' '}
              <span className="small quiet">
                since <Time at={granted_at} />
              </span>
              <br />
              <span className="small quiet mono">
                {[...scopes, ...Object.values(resources).flat()].join(' ') || 'no scope'}
              </span>
            </span>
            <ActButton scope="accounts:write" look="ending" onAct={() => setWithdrawing(client_id)}>
              Withdraw …
            </ActButton>
          </li>
        ))}
      </ul>
      {withdrawing && (
        <ConfirmDialog
          scope="accounts:write"
          title={`Withdraw what ${nameOf(withdrawing)} was allowed`}
          button="Withdraw"
          isDanger
          hasNote
          act={(note) =>
            bodyOf(
              adminApi.DELETE('/v1/accounts/{id}/consents/{client_id}', {
                params: {
                  path: { id, client_id: clientInPath(withdrawing) },
                  query: note === undefined ? {} : { note },
                },
              }),
            )
          }
          onDone={() => {
            void queries.invalidateQueries({ queryKey: ['account', id] });
            void queries.invalidateQueries({ queryKey: ['sessions'] });
          }}
          onClose={() => setWithdrawing(undefined)}
        >
          <p>The sessions of this person with the application end. It has to ask again.</p>
        </ConfirmDialog>
      )}
    </section>
  );
}
