import { type QueryClient, queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { isOvertaken } from '../../admin-api/problem.js';
import { ActButton, SendButton } from '../../elements/act-button.js';
import { ConfirmDialog } from '../../elements/confirm-dialog.js';
import { Dialog } from '../../elements/dialog.js';
import { InputField } from '../../elements/input-field.js';
import { NoteField } from '../../elements/note-field.js';
import { refusalOf } from '../../elements/refusal.js';
import { Overtaken, useRevision, useSeen } from '../../elements/revision.js';
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

/** A host as it is now; undefined where it is not allowed. */
async function readHost(queries: QueryClient, host: string): Promise<ClientHost | undefined> {
  const { items } = await queries.fetchQuery({ ...hostsQuery, staleTime: 0 });
  return items.find((one) => one.host === host);
}

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
function HostForm(props: HostFormProps) {
  const { host: known, onClose } = props;
  const { form, host, note, setNote, save, refusal } = useHostForm(props);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    form.forget();
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
            value={form.typed.host}
            problem={refusal.at('host')}
            hint="Its name, such as agents.example.com, with a port that is not 443"
            isFirst
            onChange={(typed) => form.change({ host: typed })}
          />
        )}
        <AudienceChoice
          title="APIs that its applications may ask for"
          chosen={form.typed.resources}
          problem={refusal.at('resources')}
          onChange={(resources) => form.change({ resources })}
        />
        <NoteField value={note} problem={refusal.at('note')} onChange={setNote} />
        <Overtaken by={form.overtakenBy((member) => changedWords(member, form.etag))} />
        <Failed error={refusal.rest} />
        <div className="actions">
          <button type="button" className="plain" onClick={onClose}>
            Cancel
          </button>
          <SendButton
            scope="clients:write"
            type="submit"
            missing={host === '' ? 'Name the host first.' : undefined}
            busy={save.isPending}
          >
            {known ? 'Save' : 'Allow'}
          </SendButton>
        </div>
      </form>
    </Dialog>
  );
}

const changedWords = (member: keyof HostMembers, present: readonly string[] | null): string =>
  member === 'host' ? 'whether it is allowed' : `APIs, which are now: ${present?.join(' ') || 'none'}`;

interface HostMembers {
  readonly host: string;
  readonly resources: readonly string[];
}

/** The form about a host; its tag are the APIs that the host had when they were read, or null where it was not allowed. */
function useHostForm({ host: known, onClose, onDone }: HostFormProps) {
  const queries = useQueryClient();
  const before = known?.resources ?? null;
  const form = useRevision<HostMembers, readonly string[] | null>(
    { host: known?.host ?? '', resources: before ?? [] },
    before,
  );
  const [note, setNote] = useState('');
  const host = form.typed.host.trim();
  const save = useMutation({
    mutationFn: () => allow(host, { resources: form.typed.resources, before: form.etag, note: note.trim() }),
    onSuccess: () => {
      onDone();
      onClose();
    },
    onError: async (error) => {
      if (!isOvertaken(error)) return;
      const theirs = (await readHost(queries, host))?.resources;
      form.rebase({ host, resources: theirs ?? [] }, theirs ?? null);
    },
  });
  const codes = { invalid_client_metadata: 'host', unknown_resource: 'resources' };
  const error = isOvertaken(save.error) ? null : save.error;
  const refusal = refusalOf(error, ['host', 'resources', 'note'], codes);
  return { form, host, note, setNote, save, refusal };
}

interface Allowed {
  readonly resources: readonly string[];
  readonly before: readonly string[] | null;
  readonly note: string;
}

const allow = (host: string, { resources, before, note }: Allowed) =>
  bodyOf(
    adminApi.PUT('/v1/client-hosts/{host}', {
      params: { path: { host } },
      body: {
        resources: [...resources],
        before: before && [...before],
        ...(note === '' ? {} : { note }),
      },
    }),
  );

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
