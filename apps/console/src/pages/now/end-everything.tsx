import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { SendButton } from '../../elements/act-button.js';
import { Dialog } from '../../elements/dialog.js';
import { NoteField } from '../../elements/note-field.js';
import { refusalOf } from '../../elements/refusal.js';
import { Failed, Loading } from '../../elements/states.js';

const phrase = 'end everything';

const endEveryone = (isDryRun: boolean, note?: string) =>
  bodyOf(
    adminApi.POST('/v1/sessions/end', {
      body: {
        selection: { everyone: true },
        reason: 'ended_by_administrator',
        only_this_session: false,
        dry_run: isDryRun,
        confirm: false,
        ...(note ? { note } : {}),
      },
    }),
  );

/** Ends every session of everybody, in two steps: the extent, then a phrase that nobody types by mistake. */
export function EndEverything({ onClose }: { readonly onClose: () => void }) {
  const [hasSeen, setSeen] = useState(false);
  const [typed, setTyped] = useState('');
  const [note, setNote] = useState('');
  const extent = useQuery({ queryKey: ['end everything'], gcTime: 0, queryFn: () => endEveryone(true) });
  const end = useMutation({ mutationFn: () => endEveryone(false, note.trim()) });
  const { at, rest } = refusalOf(end.error, ['note']);
  if (end.data) return <EndedEverything onClose={onClose} />;
  return (
    <Dialog title="End everything" onClose={onClose}>
      {extent.isPending && <Loading rows={2} label="Counting" />}
      {extent.isError && <Failed error={extent.error} onRetry={() => extent.refetch()} />}
      {extent.data && <Extent matched={extent.data.matched ?? 0} browsers={extent.data.browsers} />}
      {hasSeen && (
        <>
          <NoteField value={note} problem={at('note')} onChange={setNote} />
          <PhraseField value={typed} onChange={setTyped} />
        </>
      )}
      <Failed error={rest} />
      <div className="actions">
        <button type="button" className="plain" onClick={onClose}>
          Cancel
        </button>
        {hasSeen ? (
          <SendButton
            scope="sessions:end"
            className="danger"
            missing={typed.trim() === phrase ? undefined : 'Type the phrase first.'}
            busy={end.isPending}
            onPress={() => end.mutate()}
          >
            {end.isPending ? 'Ending …' : 'End everything'}
          </SendButton>
        ) : (
          <SendButton
            scope="sessions:end"
            className="ending"
            missing={extent.data ? undefined : 'The sessions are not counted yet.'}
            onPress={() => setSeen(true)}
          >
            Go on
          </SendButton>
        )}
      </div>
    </Dialog>
  );
}

function EndedEverything({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog title="Everything has ended" onClose={onClose}>
      <p className="notice good" role="status">
        Everything that was authorized until now is refused everywhere. Your own session is over, too: the
        console asks you to sign in at your next step.
      </p>
    </Dialog>
  );
}

function Extent({ matched, browsers }: { readonly matched: number; readonly browsers: number }) {
  return (
    <p>
      <span className="counted">{matched.toLocaleString()}</span> live sessions of everybody end, yours among
      them, and {browsers.toLocaleString()} browsers are signed out. Nothing brings them back.
    </p>
  );
}

interface PhraseFieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
}

function PhraseField({ value, onChange }: PhraseFieldProps) {
  return (
    <div className="field">
      <label htmlFor="everything-phrase">
        Type <code>{phrase}</code> to confirm
      </label>
      <input
        id="everything-phrase"
        value={value}
        autoComplete="off"
        onChange={(event) => onChange(event.target.value)}
      />
    </div>
  );
}
