import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useCaller } from '../../admin-api/caller.js';
import { adminApi, bodyOf, passive } from '../../admin-api/client.js';
import { useClientName } from '../../admin-api/names.js';
import { SendButton } from '../../elements/act-button.js';
import { ConfirmedEnd } from '../../elements/confirmed-end.js';
import { Dialog } from '../../elements/dialog.js';
import { SelectField } from '../../elements/filter-fields.js';
import { NoteField } from '../../elements/note-field.js';
import { refusalOf } from '../../elements/refusal.js';
import { Failed, Loading } from '../../elements/states.js';
import { reasonWords } from '../../elements/words.js';
import type { operations } from '../../generated/admin-api.js';
import { administratorReasons } from '../../generated/lists.js';
import { type SessionSearch, selectionOf } from './session-search.js';

/** Above this number the operator types it, so that a slip of the hand ends nothing. */
const typedAbove = 1_000;

/** Applications that are named. */
const maxNamed = 6;

type Body = operations['endSessions']['requestBody']['content']['application/json'];
type Reason = NonNullable<Body['reason']>;
type Outcome = operations['endSessions']['responses'][200]['content']['application/json'];

const endSessions = (body: Body, more: Partial<typeof passive> = {}): Promise<Outcome> =>
  bodyOf(adminApi.POST('/v1/sessions/end', { ...more, body }));

interface BulkEndProps {
  readonly search: SessionSearch;
  readonly onClose: () => void;
  readonly onEnded: () => void;
}

/** Ends every live session of the search: first counts them, then asks, then says how far it came. */
export function BulkEnd({ search, onClose, onEnded }: BulkEndProps) {
  const [reason, setReason] = useState<Reason>('ended_by_administrator');
  const [note, setNote] = useState('');
  const [onlyThese, setOnlyThese] = useState(false);
  const [typed, setTyped] = useState('');
  const selection: Body['selection'] = { search: selectionOf(search) };
  const order = { selection, reason, only_this_session: onlyThese, confirm: false };
  const preview = useQuery({
    queryKey: ['sessions', 'end preview', selection, onlyThese],
    gcTime: 0,
    queryFn: () => endSessions({ ...order, reason: 'ended_by_administrator', dry_run: true }),
  });
  const end = useMutation({
    mutationFn: () =>
      endSessions({ ...order, dry_run: false, confirm: true, ...(note.trim() ? { note: note.trim() } : {}) }),
    onSuccess: onEnded,
  });
  const count = preview.data?.matched ?? 0;
  const mustType = count > typedAbove;
  const { at, rest } = refusalOf(end.error, ['note', 'reason']);
  const off = whyOff(preview.data?.matched, typed);
  if (end.data) return <Ended outcome={end.data} search={search} onClose={onClose} />;
  return (
    <Dialog title="End all sessions of this search" onClose={onClose}>
      {preview.isPending && <Loading rows={3} label="Counting" />}
      {preview.isError && <Failed error={preview.error} onRetry={() => preview.refetch()} />}
      {preview.data && <Counted preview={preview.data} />}
      <ReasonField value={reason} problem={at('reason')} onChange={setReason} />
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
      <Failed error={rest} />
      <div className="actions">
        <button type="button" className="plain" onClick={onClose}>
          Cancel
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

interface ReasonFieldProps {
  readonly value: Reason;
  readonly problem: string | undefined;
  readonly onChange: (value: Reason) => void;
}

function ReasonField({ value, problem, onChange }: ReasonFieldProps) {
  return (
    <SelectField
      label="Reason"
      value={value}
      problem={problem}
      onChange={(chosen) => onChange(chosen as Reason)}
    >
      {administratorReasons.map((one) => (
        <option key={one} value={one}>
          {reasonWords(one)}
        </option>
      ))}
    </SelectField>
  );
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

interface EndedProps {
  readonly outcome: Outcome;
  readonly search: SessionSearch;
  readonly onClose: () => void;
}

/** Says how far an end came. The sessions of a mass end are dead at once and their records follow, so it counts those that are still to come. */
function Ended({ outcome, search, onClose }: EndedProps) {
  const rest = useQuery({
    queryKey: ['sessions', 'rest', search],
    enabled: !outcome.complete,
    // Somebody who has left is not kept signed in by this, and not asked to sign in again.
    refetchInterval: ({ state }) => (state.data?.matched === 0 || state.error ? false : 1_500),
    queryFn: () =>
      endSessions(
        {
          selection: { search: selectionOf(search) },
          only_this_session: true,
          dry_run: true,
          confirm: false,
          reason: 'ended_by_administrator',
        },
        passive,
      ),
  });
  const ended = outcome.matched ?? outcome.recorded;
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
      {!outcome.complete && <Progress all={ended} left={rest.data?.matched ?? null} />}
      <div className="actions">
        <button type="button" onClick={onClose}>
          Done
        </button>
      </div>
    </Dialog>
  );
}

interface ProgressProps {
  readonly all: number;
  /** Records that are still to be written; null while they are counted. */
  readonly left: number | null;
}

/** How far the records of a long end have come. */
function Progress({ all, left }: ProgressProps) {
  const written = left === null ? undefined : Math.max(0, all - left);
  return (
    <div>
      <progress aria-label="Records written" max={Math.max(1, all)} value={written} />
      <p className="small">
        {left === null
          ? 'The sessions are dead already; their records follow.'
          : left > 0
            ? `${left.toLocaleString()} records are still to be written; the sessions are dead already.`
            : 'Every record is written.'}
      </p>
    </div>
  );
}
