import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { SendButton } from '../../elements/act-button.js';
import { ConfirmedEnd } from '../../elements/confirmed-end.js';
import { Dialog } from '../../elements/dialog.js';
import { EndReasonField, type GivenReason, usualReason } from '../../elements/end-reason-field.js';
import { NoteField } from '../../elements/note-field.js';
import { refusalOf } from '../../elements/refusal.js';
import { Failed } from '../../elements/states.js';
import type { SessionDetails } from './session-queries.js';

interface EndOneProps {
  readonly session: SessionDetails;
  readonly onClose: () => void;
  readonly onEnded: () => void;
}

type Reach = 'browser' | 'session';

const endSession = (
  id: string,
  query: {
    only_this_session: 'true' | 'false';
    dry_run: 'true' | 'false';
    confirm: 'true' | 'false';
    reason: GivenReason;
    note?: string;
  },
) => bodyOf(adminApi.DELETE('/v1/sessions/{id}', { params: { path: { id }, query } }));

/** Ends one session. The operator chooses how far the end reaches, and sees whom it reaches beforehand. */
export function EndOne({ session, onClose, onEnded }: EndOneProps) {
  const hasBrowser = session.browser !== null;
  const [reach, setReach] = useState<Reach>(hasBrowser ? 'browser' : 'session');
  const [reason, setReason] = useState<GivenReason>(usualReason);
  const [note, setNote] = useState('');
  const only = reach === 'session' ? 'true' : 'false';
  const preview = useQuery({
    queryKey: ['session', session.id, 'end preview', reason],
    enabled: hasBrowser,
    gcTime: 0,
    queryFn: () =>
      endSession(session.id, { reason, only_this_session: 'false', dry_run: 'true', confirm: 'false' }),
  });
  const end = useMutation({
    mutationFn: () => {
      const words = note.trim() ? { reason, note: note.trim() } : { reason };
      return endSession(session.id, { only_this_session: only, dry_run: 'false', confirm: 'true', ...words });
    },
    onSuccess: onEnded,
  });
  const { at, rest } = refusalOf(end.error, ['reason', 'note']);
  if (end.data) return <EndedOne outcome={end.data} onClose={onClose} />;
  return (
    <Dialog title="End this session" onClose={onClose}>
      <p>
        {session.username ?? 'This person'} is signed in to {session.client_name ?? session.client_id}.
      </p>
      {hasBrowser && <ReachChoice reach={reach} preview={preview.data} onChoose={setReach} />}
      <EndReasonField value={reason} problem={at('reason')} onChange={setReason} />
      <NoteField value={note} problem={at('note')} onChange={setNote} />
      <Failed error={rest} />
      <div className="actions">
        <button type="button" className="plain" onClick={onClose}>
          Cancel
        </button>
        <SendButton scope="sessions:end" className="danger" busy={end.isPending} onPress={() => end.mutate()}>
          {end.isPending ? 'Ending …' : 'End it'}
        </SendButton>
      </div>
    </Dialog>
  );
}

interface ReachChoiceProps {
  readonly reach: Reach;
  /** The other sessions and the browsers that end with it; undefined until they are counted. */
  readonly preview: Pick<Outcome, 'along' | 'browsers'> | undefined;
  readonly onChoose: (reach: Reach) => void;
}

/** The effect of an end that may take the browser. A reason that is about a client or its policy leaves every browser signed in. */
function extentOf(preview: ReachChoiceProps['preview']): string {
  if (!preview) return 'counting …';
  const { along, browsers } = preview;
  if (along.length + browsers.length === 0) return 'signs no browser out, and ends no other session';
  return `ends ${along.length} more that signed in there`;
}

function ReachChoice({ reach, preview, onChoose }: ReachChoiceProps) {
  const choices = [
    ['browser', 'This session and its browser', extentOf(preview)],
    ['session', 'This session only', 'the browser may begin a new one without a page'],
  ] as const;
  return (
    <fieldset className="stack">
      <legend className="unseen">How far the end reaches</legend>
      {choices.map(([one, title, effect]) => (
        <label key={one} className="check">
          <input type="radio" name="reach" checked={reach === one} onChange={() => onChoose(one)} />
          <span>
            {title}
            <span className="small quiet"> — {effect}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

type Outcome = Awaited<ReturnType<typeof endSession>>;

function EndedOne({ outcome, onClose }: { readonly outcome: Outcome; readonly onClose: () => void }) {
  const { propagation, along } = outcome;
  return (
    <Dialog title={outcome.ended ? 'Ended' : 'It was over already'} onClose={onClose}>
      <div className="notice good" role="status">
        <p className="strong">
          The session is over{along.length > 0 && `, with ${along.length} more of its browser`}.
        </p>
        <ConfirmedEnd propagation={propagation} />
      </div>
      <div className="actions">
        <button type="button" onClick={onClose}>
          Done
        </button>
      </div>
    </Dialog>
  );
}
