import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { Problem } from '../../admin-api/problem.js';
import { Dialog } from '../../elements/dialog.js';
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
    note?: string;
  },
) => bodyOf(adminApi.DELETE('/v1/sessions/{id}', { params: { path: { id }, query } }));

/** Ends one session. The operator chooses how far the end reaches, and sees whom it reaches beforehand. */
export function EndOne({ session, onClose, onEnded }: EndOneProps) {
  const hasBrowser = session.browser !== null;
  const [reach, setReach] = useState<Reach>(hasBrowser ? 'browser' : 'session');
  const [note, setNote] = useState('');
  const only = reach === 'session' ? 'true' : 'false';
  const preview = useQuery({
    queryKey: ['session', session.id, 'end preview'],
    enabled: hasBrowser,
    gcTime: 0,
    queryFn: () => endSession(session.id, { only_this_session: 'false', dry_run: 'true', confirm: 'false' }),
  });
  const end = useMutation({
    mutationFn: () => {
      const words = note.trim() ? { note: note.trim() } : {};
      return endSession(session.id, { only_this_session: only, dry_run: 'false', confirm: 'true', ...words });
    },
    onSuccess: onEnded,
  });
  if (end.data) return <EndedOne outcome={end.data} onClose={onClose} />;
  const problem = end.error instanceof Problem ? end.error.faultOf('note') : undefined;
  return (
    <Dialog title="End this session" onClose={onClose}>
      <p>
        {session.username ?? 'This person'} is signed in to {session.client_name ?? session.client_id}.
      </p>
      {hasBrowser && (
        <fieldset className="stack">
          <legend className="unseen">How far the end reaches</legend>
          <label className="check">
            <input
              type="radio"
              name="reach"
              checked={reach === 'browser'}
              onChange={() => setReach('browser')}
            />
            <span>
              This session and its browser
              <span className="small quiet">
                {' '}
                —{' '}
                {preview.data ? `ends ${preview.data.along.length} more that signed in there` : 'counting …'}
              </span>
            </span>
          </label>
          <label className="check">
            <input
              type="radio"
              name="reach"
              checked={reach === 'session'}
              onChange={() => setReach('session')}
            />
            <span>
              This session only
              <span className="small quiet"> — the browser may begin a new one without a page</span>
            </span>
          </label>
        </fieldset>
      )}
      <div className="field">
        <label htmlFor="note">Note for those who read the history later</label>
        <textarea
          id="note"
          value={note}
          maxLength={500}
          aria-invalid={problem ? true : undefined}
          onChange={(event) => setNote(event.target.value)}
        />
        {problem && <p className="problem">{problem}</p>}
      </div>
      {end.isError && <Failed error={end.error} />}
      <div className="actions">
        <button type="button" className="plain" onClick={onClose}>
          Cancel
        </button>
        <button type="button" className="danger" disabled={end.isPending} onClick={() => end.mutate()}>
          {end.isPending ? 'Ending …' : 'End it'}
        </button>
      </div>
    </Dialog>
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
        {propagation?.confirmed && (
          <p>
            Every gateway and API that follows the feed confirmed it after {propagation.confirmed_after_ms}{' '}
            ms.
          </p>
        )}
        {propagation && !propagation.confirmed && (
          <p>It is honoured everywhere within {propagation.honoured_everywhere_within_seconds} seconds.</p>
        )}
      </div>
      <div className="actions">
        <button type="button" onClick={onClose}>
          Done
        </button>
      </div>
    </Dialog>
  );
}
