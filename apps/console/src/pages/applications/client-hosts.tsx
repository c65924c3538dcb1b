import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { ActButton, SendButton } from '../../elements/act-button.js';
import { ConfirmDialog } from '../../elements/confirm-dialog.js';
import { Dialog } from '../../elements/dialog.js';
import { InputField } from '../../elements/input-field.js';
import { NoteField } from '../../elements/note-field.js';
import { refusalOf } from '../../elements/refusal.js';
import { Failed, Loading } from '../../elements/states.js';
import { Time } from '../../elements/time.js';
import type { operations } from '../../generated/admin-api.js';
import { AudienceChoice } from './audience-choice.js';

type ClientHost =
  operations['listClientHosts']['responses'][200]['content']['application/json']['items'][number];

const hostsQuery = queryOptions({
  queryKey: ['clients', 'hosts'],
  queryFn: () => bodyOf(adminApi.GET('/v1/client-hosts')),
});

/** The hosts whose documents introduce applications, with those that they introduced. */
export function ClientHosts() {
  const found = useQuery(hostsQuery);
  const queries = useQueryClient();
  const [changed, setChanged] = useState<ClientHost | 'new'>();
  const [revoked, setRevoked] = useState<ClientHost>();
  const refresh = () => {
    void queries.resetQueries({ queryKey: ['clients'] });
    void queries.invalidateQueries({ queryKey: ['sessions'] });
  };
  return (
    <section className="card stack" aria-label="Hosts of documents">
      <div className="heading">
        <h2>Hosts of documents</h2>
        <ActButton scope="clients:write" look="plain" onAct={() => setChanged('new')}>
          Allow a host …
        </ActButton>
      </div>
      <p className="small quiet">
        A document at one of these hosts introduces an application whose id is the address of that document.
        {found.data?.enabled === false && ' Nothing is introduced yet: CURFEW_CLIENT_DOCUMENTS is off.'}
      </p>
      {found.isPending && <Loading rows={2} label="Reading hosts" />}
      {found.isError && <Failed error={found.error} onRetry={() => found.refetch()} />}
      {found.data?.items.length === 0 && <p className="quiet">None is allowed.</p>}
      <HostList hosts={found.data?.items ?? []} onChange={setChanged} onRevoke={setRevoked} />
      {changed && (
        <HostForm
          host={changed === 'new' ? null : changed}
          onClose={() => setChanged(undefined)}
          onDone={refresh}
        />
      )}
      {revoked && <RevokeHost host={revoked} onClose={() => setRevoked(undefined)} onDone={refresh} />}
    </section>
  );
}

interface HostListProps {
  readonly hosts: readonly ClientHost[];
  readonly onChange: (host: ClientHost) => void;
  readonly onRevoke: (host: ClientHost) => void;
}

function HostList({ hosts, onChange, onRevoke }: HostListProps) {
  if (hosts.length === 0) return null;
  return (
    <ul className="items">
      {hosts.map((one) => (
        <li key={one.host}>
          <span className="about">
            <span className="strong">{one.host}</span>{' '}
            <span className="small quiet">
              since <Time at={one.created_at} /> · {introducedWords(one)}
            </span>
            <br />
            <span className="small quiet mono">{one.resources.join(' ') || 'no API'}</span>
          </span>
          <ActButton scope="clients:write" look="plain" onAct={() => onChange(one)}>
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

const introducedWords = ({ clients }: ClientHost): string =>
  clients.length === 0
    ? 'it has introduced none'
    : `it has introduced ${clients.length} ${clients.length === 1 ? 'application' : 'applications'}`;

interface HostFormProps {
  /** The host that gets other APIs; null for a new one. */
  readonly host: ClientHost | null;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Allows a host, or gives it other APIs. */
function HostForm({ host: known, onClose, onDone }: HostFormProps) {
  const [host, setHost] = useState(known?.host ?? '');
  const [resources, setResources] = useState<readonly string[]>(known?.resources ?? []);
  const [note, setNote] = useState('');
  const save = useMutation({
    mutationFn: () => allow(host.trim(), resources, note.trim()),
    onSuccess: () => {
      onDone();
      onClose();
    },
  });
  const codes = { invalid_client_metadata: 'host', unknown_resource: 'resources' };
  const refusal = refusalOf(save.error, ['host', 'resources', 'note'], codes);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Dialog title={known ? known.host : 'Allow a host'} onClose={onClose}>
      <form onSubmit={submit} className="stack">
        <p>
          Every document of the host introduces an application: allow none at which strangers may publish.
        </p>
        {!known && (
          <InputField
            label="Host"
            value={host}
            problem={refusal.at('host')}
            hint="Its name, such as agents.example.com, with a port that is not 443"
            isFirst
            onChange={setHost}
          />
        )}
        <AudienceChoice
          title="APIs that its applications may ask for"
          chosen={resources}
          problem={refusal.at('resources')}
          onChange={setResources}
        />
        <NoteField value={note} problem={refusal.at('note')} onChange={setNote} />
        <Failed error={refusal.rest} />
        <div className="actions">
          <button type="button" className="plain" onClick={onClose}>
            Cancel
          </button>
          <SendButton
            scope="clients:write"
            type="submit"
            missing={host.trim() === '' ? 'Name the host first.' : undefined}
            busy={save.isPending}
          >
            {known ? 'Save' : 'Allow'}
          </SendButton>
        </div>
      </form>
    </Dialog>
  );
}

const allow = (host: string, resources: readonly string[], note: string) =>
  bodyOf(
    adminApi.PUT('/v1/client-hosts/{host}', {
      params: { path: { host } },
      body: { resources: [...resources], ...(note === '' ? {} : { note }) },
    }),
  );

interface RevokeHostProps {
  readonly host: ClientHost;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

function RevokeHost({ host: { host, clients }, onClose, onDone }: RevokeHostProps) {
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
            params: { path: { host }, query: note === undefined ? {} : { note } },
          }),
        )
      }
      onDone={onDone}
      onClose={onClose}
    >
      <p>Its documents introduce nobody any more.</p>
      {clients.length > 0 && (
        <>
          <p>These applications are deleted, and their sessions end:</p>
          <ul className="items">
            {clients.map((id) => (
              <li key={id} className="small mono">
                {id}
              </li>
            ))}
          </ul>
        </>
      )}
    </ConfirmDialog>
  );
}
