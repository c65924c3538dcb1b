import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { accountQuery } from '../../admin-api/names.js';
import { isOvertaken } from '../../admin-api/problem.js';
import { ActButton, SendButton } from '../../elements/act-button.js';
import { Dialog } from '../../elements/dialog.js';
import { InputField } from '../../elements/input-field.js';
import { linesOf } from '../../elements/lines.js';
import { refusalOf } from '../../elements/refusal.js';
import { Overtaken, useRevision } from '../../elements/revision.js';
import { Failed } from '../../elements/states.js';
import type { PersonDetails } from './people-queries.js';

/** The groups of a person, which applications with the scope `groups` are told. */
export function PersonGroups({ person }: { readonly person: PersonDetails }) {
  const [isChanging, setChanging] = useState(false);
  return (
    <section className="card stack" aria-label="Groups">
      <h2>Groups</h2>
      <p className="quiet">
        {person.groups.length === 0
          ? 'None. Applications that are registered for the scope groups are told the groups of a person.'
          : person.groups.join(', ')}
      </p>
      <ActButton scope="accounts:write" onAct={() => setChanging(true)}>
        Change groups …
      </ActButton>
      {isChanging && <ChangeGroups person={person} onClose={() => setChanging(false)} />}
    </section>
  );
}

/** The groups of a field; one that was there stays as it is, with a blank at its end, too. */
const groupsIn = (text: string, before: readonly string[]): string[] =>
  text.split('\n').flatMap((line) => (before.includes(line) ? [line] : linesOf(line)));

interface ChangeGroupsProps {
  readonly person: PersonDetails;
  readonly onClose: () => void;
}

function ChangeGroups({ person, onClose }: ChangeGroupsProps) {
  const form = useRevision({ groups: person.groups.join('\n') }, person.groups);
  const text = form.typed.groups;
  const queries = useQueryClient();
  const save = useMutation({
    mutationFn: () =>
      bodyOf(
        adminApi.PATCH('/v1/accounts/{id}', {
          params: { path: { id: person.id } },
          body: { groups: groupsIn(text, form.etag), groups_before: form.etag },
        }),
      ),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['account', person.id] });
      onClose();
    },
    onError: async (error) => {
      if (!isOvertaken(error)) return;
      const { groups } = await queries.fetchQuery({ ...accountQuery(person.id), staleTime: 0 });
      form.rebase({ groups: groups.join('\n') }, groups);
    },
  });
  const refusal = refusalOf(isOvertaken(save.error) ? null : save.error, ['groups']);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    form.forget();
    save.mutate();
  };
  return (
    <Dialog title={`Groups of ${person.username}`} onClose={onClose}>
      <form onSubmit={submit} className="stack">
        <InputField
          label="Groups"
          isFirst
          lines={6}
          value={text}
          onChange={(groups) => form.change({ groups })}
          problem={refusal.atLines('groups', text)}
          hint="One on each line. Applications learn of a change with the next ID token or request to userinfo."
        />
        <Overtaken by={form.overtakenBy(() => `Groups, which are now: ${form.etag.join(', ') || 'none'}`)} />
        <Failed error={refusal.rest} />
        <div className="actions">
          <button type="button" className="plain" onClick={onClose}>
            Cancel
          </button>
          <SendButton scope="accounts:write" type="submit" busy={save.isPending}>
            Save
          </SendButton>
        </div>
      </form>
    </Dialog>
  );
}
