import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { useClientName } from '../../admin-api/names.js';
import { ActButton } from '../../elements/act-button.js';
import { refusalOf } from '../../elements/refusal.js';
import { Failed, Loading } from '../../elements/states.js';
import { ClientField } from '../../elements/subject-fields.js';
import { Time } from '../../elements/time.js';
import { releasesQuery } from './adaptation-queries.js';

/** Releases of applications: for a fortnight after one, the policies of the application do not adapt. */
export function Releases() {
  const found = useQuery(releasesQuery);
  const releases = found.data ?? [];
  const nameOf = useClientName(releases.map(({ client_id }) => client_id));
  return (
    <section className="card stack" aria-label="Releases">
      <h2>Releases</h2>
      <p className="quiet">For 14 days after a release of an application, its policies stay as they are.</p>
      {found.isPending && <Loading rows={1} label="Reading releases" />}
      {found.isError && <Failed error={found.error} onRetry={() => found.refetch()} />}
      <ul className="attachments">
        {releases.map(({ client_id, released_at, frozen_until }) => (
          <li key={`${client_id} ${released_at}`}>
            <span>
              {nameOf(client_id)}{' '}
              <span className="small quiet">
                released <Time at={released_at} />
              </span>
            </span>
            <span className="small">
              held back, ends <Time at={frozen_until} />
            </span>
          </li>
        ))}
      </ul>
      <MarkRelease />
    </section>
  );
}

function MarkRelease() {
  const [client, setClient] = useState('');
  const queries = useQueryClient();
  const mark = useMutation({
    mutationFn: () => bodyOf(adminApi.POST('/v1/releases', { body: { client_id: client } })),
    onSuccess: () => {
      setClient('');
      return queries.invalidateQueries({ queryKey: ['releases'] });
    },
  });
  const { at, rest } = refusalOf(mark.error, ['client_id'], { unknown_client: 'client_id' });
  return (
    <>
      <ClientField
        client={client}
        placeholder="choose one"
        problem={at('client_id')}
        onChange={(chosen) => setClient(chosen ?? '')}
      />
      <Failed error={rest} />
      <ActButton
        scope="clients:write"
        busy={mark.isPending}
        missing={client === '' ? 'Choose an application first.' : undefined}
        onAct={() => mark.mutate()}
      >
        Mark a release of it
      </ActButton>
    </>
  );
}
