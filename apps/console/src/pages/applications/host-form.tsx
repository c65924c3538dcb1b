import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { isOvertaken } from '../../admin-api/problem.js';
import { SendButton } from '../../elements/act-button.js';
import { Dialog } from '../../elements/dialog.js';
import { InputField } from '../../elements/input-field.js';
import { NoteField } from '../../elements/note-field.js';
import { refusalOf } from '../../elements/refusal.js';
import { Overtaken, useRevision } from '../../elements/revision.js';
import { Failed } from '../../elements/states.js';
import { AudienceChoice } from './audience-choice.js';
import { type ClientHost, readHost } from './host-queries.js';

interface HostFormProps {
  /** The host that gets other APIs; null for a new one. */
  readonly host: ClientHost | null;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Allows a host, or gives it other APIs. */
export function HostForm(props: HostFormProps) {
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
