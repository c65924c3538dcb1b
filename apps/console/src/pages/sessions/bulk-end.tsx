import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useCaller } from '../../admin-api/caller.js';
import { useClientName } from '../../admin-api/names.js';
import { SendButton } from '../../elements/act-button.js';
import { ConfirmedEnd } from '../../elements/confirmed-end.js';
import { Dialog } from '../../elements/dialog.js';
import { EndReasonField, type GivenReason, usualReason } from '../../elements/end-reason-field.js';
import { NoteField } from '../../elements/note-field.js';
import { refusalOf } from '../../elements/refusal.js';
import { Failed, Loading } from '../../elements/states.js';
import { type EndOrder, endSessions, type Outcome, useEndOfSearch } from './end-of-search.js';
import { type SessionSearch, selectionOf } from './session-search.js';

/** Above this number the operator types it, so that a slip of the hand ends nothing. */
const typedAbove = 1_000;

/** Applications that are named. */
const maxNamed = 6;

interface BulkEndProps {
  readonly search: SessionSearch;
  readonly onClose: () => void;
  readonly onEnded: () => void;
}

/** Ends every live session of the search: first counts them, then asks, then says how far it came. */
export function BulkEnd({ search, onClose, onEnded }: BulkEndProps) {
  const [reason, setReason] = useState<GivenReason>(usualReason);
  const [note, setNote] = useState('');
  const [onlyThese, setOnlyThese] = useState(false);
  const [typed, setTyped] = useState('');
  const selection: EndOrder['selection'] = { search: selectionOf(search) };
  const order = { selection, reason, only_this_session: onlyThese, confirm: false };
  const preview = useQuery({
    queryKey: ['sessions', 'end preview', selection, onlyThese, reason],
    gcTime: 0,
    queryFn: () => endSessions({ ...order, dry_run: true }),
  });
  const { end, soFar } = useEndOfSearch(
    { ...order, dry_run: false, confirm: true, ...(note.trim() ? { note: note.trim() } : {}) },
    onEnded,
  );
  const count = preview.data?.matched ?? 0;
  const mustType = count > typedAbove;
  const { at, rest } = refusalOf(end.error, ['note', 'reason']);
  const off = whyOff(preview.data?.matched, typed);
  if (end.data) return <Ended outcome={end.data} onClose={onClose} />;
  return (
    <Dialog title="End all sessions of this search" onClose={onClose}>
      {preview.isPending && <Loading rows={3} label="Counting" />}
      {preview.isError && <Failed error={preview.error} onRetry={() => preview.refetch()} />}
      {preview.data && <Counted preview={preview.data} />}
      <EndReasonField value={reason} problem={at('reason')} onChange={setReason} />
      <NoteField value={note} problem={at('note')} onChange={setNote} />
      <label className="check">
        <input type="checkbox" checked={onlyThese} onChange={(event) => setOnlyThese(event.target.checked)} />
        <span>
          End these sessions only
          <span className="quiet small">
            {' '}
            — their browsers stay signed in, with everything else that signed in there
          </span>
        </span>
      </label>
      {mustType && <CountField count={count} value={typed} onChange={setTyped} />}
      {soFar && <Progress all={count} ended={endedOf(soFar)} isGoingOn={end.isPending} />}
      <Failed error={rest} />
      <div className="actions">
        <button type="button" className="plain" onClick={onClose}>
          {soFar && end.isPending ? 'Stop' : 'Cancel'}
        </button>
        <SendButton
          scope="sessions:end"
          className="danger"
          missing={off}
          busy={end.isPending}
          onPress={() => end.mutate()}
        >
          {end.isPending
            ? 'Ending …'
            : `End ${count.toLocaleString()} ${count === 1 ? 'session' : 'sessions'}`}
        </SendButton>
      </div>
    </Dialog>
  );
}

/** Why the end cannot begin, in words. */
function whyOff(count: number | null | undefined, typed: string): string | undefined {
  if (count === undefined) return 'The sessions are not counted yet.';
  if (!count) return 'No live session meets these conditions.';
  return count > typedAbove && typed.trim() !== String(count) ? 'Type the number first.' : undefined;
}

interface CountFieldProps {
  readonly count: number;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

function CountField({ count, value, onChange }: CountFieldProps) {
  return (
    <div className="field">
      <label htmlFor="end-count">
        Type <code>{count}</code> to confirm
      </label>
      <input
        id="end-count"
        inputMode="numeric"
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </div>
  );
}

function Counted({ preview }: { readonly preview: Outcome }) {
  const caller = useCaller();
  const hasOwn = preview.by_client.some(({ client_id }) => client_id === caller?.client_id);
  const named = preview.by_client.slice(0, maxNamed);
  const nameOf = useClientName(named.map(({ client_id }) => client_id));
  return (
    <div className="stack" aria-live="polite">
      <p>
        <span className="counted">{(preview.matched ?? 0).toLocaleString()}</span> live{' '}
        {preview.matched === 1 ? 'session ends' : 'sessions end'}
        {preview.browsers > 0 &&
          `, and ${preview.browsers.toLocaleString()} ${preview.browsers === 1 ? 'browser is' : 'browsers are'} signed out`}
        {preview.along > 0 &&
          `, with ${preview.along.toLocaleString()} more ${preview.along === 1 ? 'session' : 'sessions'}`}
        .
      </p>
      {hasOwn && <p className="notice bad">Your own session may be among them.</p>}
      {preview.by_client.length > 0 && (
        <ul className="small">
          {named.map(({ client_id, count }) => (
            <li key={client_id}>
              <span className="strong">{count.toLocaleString()}</span> with {nameOf(client_id)}
            </li>
          ))}
          {preview.by_client.length > maxNamed && (
            <li>and {preview.by_client.length - maxNamed} more applications</li>
          )}
        </ul>
      )}
    </div>
  );
}

const endedOf = ({ matched, recorded }: Outcome): number => matched ?? recorded;

interface EndedProps {
  readonly outcome: Outcome;
  readonly onClose: () => void;
}

/** Says how far an end came. */
function Ended({ outcome, onClose }: EndedProps) {
  const ended = endedOf(outcome);
  const { propagation } = outcome;
  return (
    <Dialog title="Ended" onClose={onClose}>
      <div className="notice good" role="status">
        <p className="strong">
          {ended.toLocaleString()} {ended === 1 ? 'session has' : 'sessions have'} ended
          {outcome.along > 0 && `, and ${outcome.along.toLocaleString()} more with their browsers`}.
        </p>
        <ConfirmedEnd propagation={propagation} />
      </div>
      {!outcome.complete && (
        <p className="notice bad">More sessions meet the search by now, and they live. End them as well.</p>
      )}
      <div className="actions">
        <button type="button" onClick={onClose}>
          Done
        </button>
      </div>
    </Dialog>
  );
}

interface ProgressProps {
  /** The sessions that were counted before. */
  readonly all: number;
  readonly ended: number;
  readonly isGoingOn: boolean;
}

/** How far an end has come that takes several requests. The sessions whose turn has not come yet live. */
function Progress({ all, ended, isGoingOn }: ProgressProps) {
  if (!isGoingOn)
    return <p className="notice bad">{ended.toLocaleString()} sessions have ended; the others live.</p>;
  return (
    <div>
      <progress aria-label="Sessions ended" max={Math.max(1, all)} value={Math.min(ended, all)} />
      <p className="small">
        {ended.toLocaleString()} of {all.toLocaleString()} sessions have ended. The others live until their
        turn comes.
      </p>
    </div>
  );
}
