import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useMay } from '../../admin-api/caller.js';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { clientsQuery, useClientName } from '../../admin-api/names.js';
import { ActButton } from '../../elements/act-button.js';
import { SelectField } from '../../elements/filter-fields.js';
import { Failed, Loading } from '../../elements/states.js';
import { Time } from '../../elements/time.js';
import { releasesQuery } from './adaptation-queries.js';

/** Releases of applications: for a fortnight after one, the policies of the application do not adapt. */
export function Releases() {
  const found = useQuery(releasesQuery);
  const nameOf = useClientName();
  const releases = found.data ?? [];
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
  const mayRead = useMay('clients:read');
  const clients = useQuery({ ...clientsQuery, enabled: mayRead });
  const [client, setClient] = useState('');
  const queries = useQueryClient();
  const mark = useMutation({
    mutationFn: () => bodyOf(adminApi.POST('/v1/releases', { body: { client_id: client } })),
    onSuccess: () => {
      setClient('');
      return queries.invalidateQueries({ queryKey: ['releases'] });
    },
  });
  return (
    <>
      <SelectField label="Application" value={client} onChange={setClient}>
        <option value="">choose one</option>
        {clients.data?.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </SelectField>
      {mark.isError && <Failed error={mark.error} />}
      <ActButton scope="clients:write" busy={client === '' || mark.isPending} onAct={() => mark.mutate()}>
        Mark a release of it
      </ActButton>
    </>
  );
}
