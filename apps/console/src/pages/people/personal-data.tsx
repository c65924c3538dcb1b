import { useMutation } from '@tanstack/react-query';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { ActButton } from '../../elements/act-button.js';
import { download } from '../../elements/csv.js';
import { Failed } from '../../elements/states.js';
import type { PersonDetails } from './people-queries.js';

/** Hands out everything that is kept about a person, as a file for them (GDPR Art. 15). */
export function PersonalData({ person }: { readonly person: PersonDetails }) {
  const file = useMutation({
    mutationFn: async () => {
      const params = { path: { id: person.id } };
      const data = await bodyOf(adminApi.POST('/v1/accounts/{id}/export', { params, body: {} }));
      const text = JSON.stringify(data, null, 2);
      download(`${person.id}.json`, new Blob([text], { type: 'application/json' }));
    },
  });
  return (
    <>
      <ActButton scope="accounts:write" busy={file.isPending} onAct={() => file.mutate()}>
        Copy of the data
      </ActButton>
      {file.isError && <Failed error={file.error} />}
    </>
  );
}
