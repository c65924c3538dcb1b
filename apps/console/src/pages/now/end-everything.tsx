import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { Dialog } from '../../elements/dialog.js';
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
  if (end.data)
    return (
      <Dialog title="Everything has ended" onClose={onClose}>
        <p className="notice good" role="status">
          Everything that was authorized until now is refused everywhere. Your own session is over, too: the
          console asks you to sign in at your next step.
        </p>
      </Dialog>
    );
  return (
    <Dialog title="End everything" onClose={onClose}>
      {extent.isPending && <Loading rows={2} label="Counting" />}
      {extent.isError && <Failed error={extent.error} onRetry={() => extent.refetch()} />}
      {extent.data && (
        <p>
          <span className="counted">{(extent.data.matched ?? 0).toLocaleString()}</span> live sessions of
          everybody end, yours among them, and {extent.data.browsers.toLocaleString()} browsers are signed
          out. Nothing brings them back.
        </p>
      )}
      {hasSeen && (
        <>
          <div className="field">
            <label htmlFor="everything-note">Note for those who read the history later</label>
            <textarea
              id="everything-note"
              value={note}
              maxLength={500}
              onChange={(event) => setNote(event.target.value)}
            />
          </div>
          <div className="field">
            <label htmlFor="everything-phrase">
              Type <code>{phrase}</code> to confirm
            </label>
            <input
              id="everything-phrase"
              value={typed}
              autoComplete="off"
              onChange={(event) => setTyped(event.target.value)}
            />
          </div>
        </>
      )}
      {end.isError && <Failed error={end.error} />}
      <div className="actions">
        <button type="button" className="plain" onClick={onClose}>
          Cancel
        </button>
        {hasSeen ? (
          <button
            type="button"
            className="danger"
            disabled={typed.trim() !== phrase || end.isPending}
            onClick={() => end.mutate()}
          >
            {end.isPending ? 'Ending …' : 'End everything'}
          </button>
        ) : (
          <button type="button" className="ending" disabled={!extent.data} onClick={() => setSeen(true)}>
            Go on
          </button>
        )}
      </div>
    </Dialog>
  );
}
