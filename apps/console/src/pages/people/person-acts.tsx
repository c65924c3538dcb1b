import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { ActButton } from '../../elements/act-button.js';
import { ConfirmDialog } from '../../elements/confirm-dialog.js';
import { LiveCount } from '../../elements/live-count.js';
import type { PersonDetails } from './people-queries.js';
import { SetPassword } from './set-password.js';

type Asked = 'password' | 'require' | 'disable' | 'enable' | 'delete';

const noteOf = (note: string | undefined) => (note === undefined ? {} : { note });

/** What an operator can do with an account. */
export function PersonActs({ person }: { readonly person: PersonDetails }) {
  const [asked, setAsked] = useState<Asked>();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const changed = () => {
    void queries.invalidateQueries({ queryKey: ['account', person.id] });
    void queries.invalidateQueries({ queryKey: ['people'] });
    void queries.invalidateQueries({ queryKey: ['sessions'] });
  };
  const common = { onDone: changed, onClose: () => setAsked(undefined), hasNote: true };
  const path = { id: person.id };
  return (
    <>
      <ActButton scope="accounts:write" onAct={() => setAsked('password')}>
        Set a password …
      </ActButton>
      {!person.must_change_password && (
        <ActButton scope="accounts:write" onAct={() => setAsked('require')}>
          Require a new one …
        </ActButton>
      )}
      <ActButton
        scope="accounts:write"
        look={person.disabled_at ? 'plain' : 'ending'}
        onAct={() => setAsked(person.disabled_at ? 'enable' : 'disable')}
      >
        {person.disabled_at ? 'Enable …' : 'Disable …'}
      </ActButton>
      <ActButton scope="accounts:write" look="ending" onAct={() => setAsked('delete')}>
        Delete …
      </ActButton>
      {asked === 'password' && <SetPassword person={person} onClose={common.onClose} onDone={changed} />}
      {asked === 'require' && (
        <ConfirmDialog
          title="Require a new password"
          button="Require it"
          act={(note) =>
            bodyOf(
              adminApi.POST('/v1/accounts/{id}/require-password', {
                params: { path },
                body: noteOf(note),
              }),
            )
          }
          {...common}
        >
          <p>{person.username} chooses a new password at the next sign-in. Sessions go on until then.</p>
        </ConfirmDialog>
      )}
      {asked === 'disable' && (
        <ConfirmDialog
          title={`Disable ${person.username}`}
          button="Disable"
          isDanger
          act={(note) =>
            bodyOf(adminApi.POST('/v1/accounts/{id}/disable', { params: { path }, body: noteOf(note) }))
          }
          {...common}
        >
          <LiveCount of={{ account: person.id }} />
          <p>Nobody can sign in with this account until it is enabled again.</p>
        </ConfirmDialog>
      )}
      {asked === 'enable' && (
        <ConfirmDialog
          title={`Enable ${person.username}`}
          button="Enable"
          act={(note) =>
            bodyOf(adminApi.POST('/v1/accounts/{id}/enable', { params: { path }, body: noteOf(note) }))
          }
          {...common}
        >
          <p>{person.username} can sign in again. No session comes back.</p>
        </ConfirmDialog>
      )}
      {asked === 'delete' && (
        <ConfirmDialog
          title={`Delete ${person.username}`}
          button="Delete for ever"
          isDanger
          act={(note) =>
            bodyOf(adminApi.DELETE('/v1/accounts/{id}', { params: { path, query: noteOf(note) } }))
          }
          {...common}
          onDone={() => {
            changed();
            void navigate({ to: '/people' });
          }}
        >
          <LiveCount of={{ account: person.id }} />
          <p>The account, its consents and its second factors are deleted. This cannot be undone.</p>
        </ConfirmDialog>
      )}
    </>
  );
}
