import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { ActButton } from '../../elements/act-button.js';
import { withConditions } from '../../elements/conditions.js';
import { ConfirmDialog } from '../../elements/confirm-dialog.js';
import type { CsvColumn } from '../../elements/csv.js';
import { TableHeading } from '../../elements/list-parts.js';
import { useSeen } from '../../elements/revision.js';
import { Failed, Loading } from '../../elements/states.js';
import { ApiNames, ClientName } from '../../elements/subject-names.js';
import { Time } from '../../elements/time.js';
import type { ApplicationSearch } from './application-search.js';
import { HostForm } from './host-form.js';
import { type ClientHost, hostsQuery, readHost } from './host-queries.js';

const route = getRouteApi('/shell/applications');

const columns: readonly CsvColumn<ClientHost>[] = [
  { heading: 'host', text: ({ host }) => host },
  { heading: 'resources', text: ({ resources }) => resources.join(' ') },
  { heading: 'client_ids', text: ({ clients }) => clients.join(' ') },
  { heading: 'created_at', text: ({ created_at }) => created_at },
];

/** The hosts whose documents introduce applications, with those that they introduced. The one that is opened stands in the address. */
export function ClientHosts() {
  const search = route.useSearch();
  const navigate = useNavigate();
  const found = useQuery(hostsQuery);
  const queries = useQueryClient();
  const [isAllowing, setAllowing] = useState(false);
  const [revoked, setRevoked] = useState<ClientHost>();
  const hosts = found.data?.items ?? [];
  const opened = useOpened(hosts, search.host);
  const open = (host: string | undefined) =>
    void navigate({ to: '/applications', search: withConditions(search, { host }) });
  const refresh = () => {
    void queries.resetQueries({ queryKey: ['clients'] });
    void queries.invalidateQueries({ queryKey: ['sessions'] });
  };
  return (
    <section className="card stack" aria-label="Hosts of documents">
      <TableHeading title="Hosts of documents" file="hosts-of-documents.csv" columns={columns} rows={hosts}>
        <ActButton scope="clients:write" look="plain" onAct={() => setAllowing(true)}>
          Allow a host …
        </ActButton>
      </TableHeading>
      <p className="small quiet">
        A document at one of these hosts introduces an application whose id is the address of that document.
        {found.data?.enabled === false && ' Nothing is introduced yet: CURFEW_CLIENT_DOCUMENTS is off.'}
      </p>
      {found.isPending && <Loading rows={2} label="Reading hosts" />}
      {found.isError && <Failed error={found.error} onRetry={() => found.refetch()} />}
      {found.data?.items.length === 0 && <p className="quiet">None is allowed.</p>}
      {search.host && !opened && found.data && !hosts.some(({ host }) => host === search.host) && (
        <p className="notice" role="status">
          The host <span className="mono">{search.host}</span> is not allowed.
        </p>
      )}
      <HostList hosts={hosts} search={search} onChange={open} onRevoke={setRevoked} />
      {isAllowing && <HostForm host={null} onClose={() => setAllowing(false)} onDone={refresh} />}
      {opened && !isAllowing && (
        <HostForm key={opened.host} host={opened} onClose={() => open(undefined)} onDone={refresh} />
      )}
      {revoked && <RevokeHost host={revoked} onClose={() => setRevoked(undefined)} onDone={refresh} />}
    </section>
  );
}

/** The host that the address opens, as it was when it was opened: a form that is open goes on from that, also where the host is gone. */
function useOpened(hosts: readonly ClientHost[], named: string | undefined): ClientHost | undefined {
  const [opened, setOpened] = useState<ClientHost>();
  const found = hosts.find(({ host }) => host === named);
  useEffect(() => {
    setOpened((before) => (named !== undefined && before?.host === named ? before : found));
  }, [named, found]);
  return opened;
}

interface HostListProps {
  readonly hosts: readonly ClientHost[];
  readonly search: ApplicationSearch;
  readonly onChange: (host: string) => void;
  readonly onRevoke: (host: ClientHost) => void;
}

function HostList({ hosts, search, onChange, onRevoke }: HostListProps) {
  if (hosts.length === 0) return null;
  return (
    <ul className="items">
      {hosts.map((one) => (
        <li key={one.host}>
          <span className="about">
            <Link
              to="/applications"
              search={withConditions(search, { host: one.host })}
              className="strong"
              data-row={`host ${one.host}`}
            >
              {one.host}
            </Link>{' '}
            <span className="small quiet">
              since <Time at={one.created_at} /> · {introducedWords(one)}
            </span>
            <span className="line small">
              {one.resources.length > 0 ? <ApiNames of={one.resources} /> : 'no API'}
            </span>
            <Introduced clients={one.clients} />
          </span>
          <ActButton scope="clients:write" look="plain" onAct={() => onChange(one.host)}>
            Change …
          </ActButton>
          <ActButton scope="clients:write" look="ending" onAct={() => onRevoke(one)}>
            Revoke …
          </ActButton>
        </li>
      ))}
    </ul>
  );
}

/** Applications that are named. */
const maxNamed = 8;

/** The applications that documents of a host introduced, each with its id, which is the address of its document. */
function Introduced({ clients }: Pick<ClientHost, 'clients'>) {
  return (
    <>
      {clients.slice(0, maxNamed).map((id) => (
        <span key={id} className="line small">
          <Link to="/applications/$id" params={{ id }}>
            <ClientName id={id} />
          </Link>
        </span>
      ))}
      {clients.length > maxNamed && (
        <span className="line small quiet">and {(clients.length - maxNamed).toLocaleString()} more</span>
      )}
    </>
  );
}

const introducedWords = ({ clients }: ClientHost): string =>
  clients.length === 0
    ? 'it has introduced none'
    : `it has introduced ${clients.length} ${clients.length === 1 ? 'application' : 'applications'}`;

interface RevokeHostProps {
  readonly host: ClientHost;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

function RevokeHost({ host: first, onClose, onDone }: RevokeHostProps) {
  const queries = useQueryClient();
  const { host } = first;
  const seen = useSeen({
    record: first,
    titles: { resources: 'APIs', clients: 'Applications' },
    readAgain: async () => (await readHost(queries, host)) ?? first,
  });
  const { clients } = seen.record;
  return (
    <ConfirmDialog
      scope="clients:write"
      title={`Revoke ${host}`}
      button="Revoke"
      isDanger
      hasNote
      act={(note) =>
        bodyOf(
          adminApi.DELETE('/v1/client-hosts/{host}', {
            params: {
              path: { host },
              header: { 'If-Match': seen.etag },
              query: note === undefined ? {} : { note },
            },
          }),
        )
      }
      onOvertaken={seen.lookAgain}
      onDone={onDone}
      onClose={onClose}
    >
      <p>Its documents introduce nobody any more.</p>
      {clients.length > 0 && (
        <>
          <p>These applications are deleted, and their sessions end:</p>
          <ul className="items">
            {clients.map((id) => (
              <li key={id} className="small">
                <ClientName id={id} />
              </li>
            ))}
          </ul>
        </>
      )}
    </ConfirmDialog>
  );
}
