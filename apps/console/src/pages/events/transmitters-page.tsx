import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import type { CsvColumn } from '../../elements/csv.js';
import { ServiceDialog } from '../../elements/service-dialog.js';
import { ServiceList } from '../../elements/service-list.js';
import { EventTabs } from './event-tabs.js';
import { transmitterKind } from './transmitter-kind.js';
import { type Transmitter, transmittersKey, transmittersQuery } from './transmitter-queries.js';

const page = getRouteApi('/shell/events/transmitters');

const columns: readonly CsvColumn<Transmitter>[] = [
  { heading: 'id', text: ({ id }) => id },
  { heading: 'issuer', text: ({ issuer }) => issuer },
  { heading: 'delivery', text: ({ delivery }) => delivery },
  { heading: 'signals', text: ({ signals }) => signals.join(' ') },
  { heading: 'enabled', text: ({ enabled }) => String(enabled) },
  { heading: 'poll_fault', text: ({ poll_fault }) => poll_fault },
  { heading: 'updated_at', text: ({ updated_at }) => updated_at },
];

/** The services that tell of security events about people, by id. */
export function TransmittersPage() {
  const { transmitter } = page.useSearch();
  const navigate = useNavigate();
  const found = useInfiniteQuery(transmittersQuery);
  return (
    <ServiceList
      title="Transmitters"
      called={transmitterKind.called}
      queryKey={transmittersKey}
      scope="accounts:write"
      found={found}
      rows={found.data?.pages.flatMap(({ items }) => items) ?? []}
      columns={columns}
      heads={['Transmitter', 'Issuer', 'Ends sessions by', 'State']}
      empty="No other service tells of security events."
      tabs={<EventTabs />}
      opened={transmitter}
      onLeave={() => void navigate({ to: '/events/transmitters', search: {} })}
      dialog={(id, onClose, onDone) => (
        <ServiceDialog key={id} kind={transmitterKind} id={id} onClose={onClose} onDone={onDone} />
      )}
    >
      {(one) => <TransmitterRow transmitter={one} />}
    </ServiceList>
  );
}

function TransmitterRow({ transmitter }: { readonly transmitter: Transmitter }) {
  const { id, issuer, delivery, signals } = transmitter;
  return (
    <Link to="/events/transmitters" search={{ transmitter: id }} className="entry" data-row={id}>
      <span>
        <span className="strong">{id}</span>
        <span className="small quiet">{delivery === 'poll' ? 'is polled' : 'pushes'}</span>
      </span>
      <span className="small mono">{issuer}</span>
      <span className="small mono">{signals.join(' ')}</span>
      <span>{stateOf(transmitter)}</span>
    </Link>
  );
}

const stateOf = ({ enabled, poll_fault }: Transmitter): string => {
  if (!enabled) return 'switched off';
  return poll_fault === null ? 'heard' : 'cannot be polled';
};
