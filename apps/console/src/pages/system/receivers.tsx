import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { ActButton } from '../../elements/act-button.js';
import type { CsvColumn } from '../../elements/csv.js';
import { Dialog } from '../../elements/dialog.js';
import { NextPage, TableHeading } from '../../elements/list-parts.js';
import { Empty, Failed, Loading } from '../../elements/states.js';
import { Time } from '../../elements/time.js';
import { reasonWords } from '../../elements/words.js';
import { deadLettersQuery, type Receiver, receiversQuery } from './system-queries.js';

const columns: readonly CsvColumn<Receiver>[] = [
  { heading: 'id', text: ({ id }) => id },
  { heading: 'name', text: ({ name }) => name },
  { heading: 'kind', text: ({ kind }) => kind },
  { heading: 'address', text: ({ address }) => address },
  { heading: 'status', text: ({ status }) => status },
  { heading: 'waiting', text: ({ waiting }) => waiting },
  { heading: 'dead', text: ({ dead }) => dead },
];

/** Kinds in words; a set is a security event token (RFC 8417). */
const kinds: Readonly<Record<Receiver['kind'], string>> = {
  webhook: 'webhook',
  logout: 'back-channel logout',
  set_push: 'security events, pushed',
  set_poll: 'security events, polled',
};

/** The receivers of events, with what waits for them and what was given up. */
export function Receivers() {
  const found = useInfiniteQuery(receiversQuery);
  const [opened, setOpened] = useState<Receiver>();
  const receivers = found.data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <section className="card" aria-label="Receivers">
      <TableHeading title="Receivers" file="receivers.csv" columns={columns} rows={receivers} />
      {found.isPending && <Loading rows={3} label="Reading receivers" />}
      {found.isError && <Failed error={found.error} onRetry={() => found.refetch()} />}
      {found.data && receivers.length === 0 && (
        <Empty title="Nobody is told of events.">
          <p>A webhook, a logout address of a client or a stream would be here.</p>
        </Empty>
      )}
      {receivers.length > 0 && <ReceiverTable receivers={receivers} onOpen={setOpened} />}
      {found.hasNextPage && (
        <p className="more">
          <NextPage found={found} />
        </p>
      )}
      {opened && <DeadLetters receiver={opened} onClose={() => setOpened(undefined)} />}
    </section>
  );
}

interface ReceiverTableProps {
  readonly receivers: readonly Receiver[];
  readonly onOpen: (receiver: Receiver) => void;
}

function ReceiverTable({ receivers, onOpen }: ReceiverTableProps) {
  return (
    <div className="scroll receivers">
      <table>
        <thead>
          <tr>
            <th scope="col">Receiver</th>
            <th scope="col">State</th>
            <th scope="col" className="number">
              Waiting
            </th>
            <th scope="col">Given up</th>
          </tr>
        </thead>
        <tbody>
          {receivers.map((receiver) => (
            <tr key={receiver.id}>
              <th scope="row">
                {receiver.name} <span className="badge">{kinds[receiver.kind]}</span>
                <p className="small quiet">{receiver.address ?? receiver.id}</p>
              </th>
              <td>
                <span className={`badge ${receiver.status === 'enabled' ? 'good' : ''}`}>
                  {receiver.status}
                </span>
                {receiver.status_reason && <p className="small quiet">{receiver.status_reason}</p>}
              </td>
              <td className="number">{receiver.waiting}</td>
              <td>
                {receiver.dead === 0 ? (
                  <span className="quiet">none</span>
                ) : (
                  <button
                    type="button"
                    className="plain compact"
                    data-row={receiver.id}
                    onClick={() => onOpen(receiver)}
                  >
                    {receiver.dead} dead {receiver.dead === 1 ? 'letter' : 'letters'} …
                  </button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Deliveries that were given up, and a way to send them again. */
function DeadLetters({ receiver, onClose }: { readonly receiver: Receiver; readonly onClose: () => void }) {
  const letters = useQuery(deadLettersQuery(receiver.id));
  const queries = useQueryClient();
  const redrive = useMutation({
    mutationFn: () =>
      bodyOf(
        adminApi.POST('/v1/receivers/{id}/redrive', { params: { path: { id: receiver.id } }, body: {} }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['system'] }),
  });
  return (
    <Dialog title={`Dead letters of ${receiver.name}`} onClose={onClose}>
      {letters.isPending && <Loading rows={3} label="Reading dead letters" />}
      {letters.isError && <Failed error={letters.error} onRetry={() => letters.refetch()} />}
      <ul className="letters">
        {letters.data?.items.map(({ id, cause, attempts, event_at: at, dead_at: dead }) => (
          <li key={id}>
            <span className="strong">{cause ? reasonWords(cause) : 'unknown cause'}</span> after {attempts}{' '}
            {attempts === 1 ? 'attempt' : 'attempts'}
            <span className="small quiet">
              {' '}
              · happened <Time at={at} />, given up <Time at={dead} />
            </span>
          </li>
        ))}
      </ul>
      {letters.data?.items.length === 0 && <p className="quiet">None is left.</p>}
      {letters.data?.next_cursor && <p className="quiet">The latest 50 are shown.</p>}
      {redrive.data && (
        <p className="notice good" role="status">
          {redrive.data.redriven} {redrive.data.redriven === 1 ? 'is' : 'are'} sent again.
        </p>
      )}
      {redrive.isError && <Failed error={redrive.error} />}
      <div className="actions">
        <button type="button" className="plain" onClick={onClose}>
          Close
        </button>
        <ActButton scope="clients:write" look="main" busy={redrive.isPending} onAct={() => redrive.mutate()}>
          Send all again
        </ActButton>
      </div>
    </Dialog>
  );
}
