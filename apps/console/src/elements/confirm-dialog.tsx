import { type UseMutationResult, useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import type { Scope } from '../admin-api/caller.js';
import { isOvertaken } from '../admin-api/problem.js';
import { SendButton } from './act-button.js';
import { Dialog } from './dialog.js';
import { NoteField } from './note-field.js';
import { refusalOf } from './refusal.js';
import { RefusedAsRead } from './revision.js';
import { Failed } from './states.js';

interface ConfirmDialogProps {
  readonly title: string;
  readonly button: string;
  /** The scopes that the act needs. */
  readonly scope: Scope | readonly Scope[];
  /** Whether people lose something by it. */
  readonly isDanger?: boolean;
  /** Whether the operation takes a note. */
  readonly hasNote?: boolean;
  /** The part that the act still lacks, in words. */
  readonly off?: string | undefined;
  /** Has the page read again what somebody else has changed meanwhile; it may say what that is, or null where it is as it was. */
  readonly onOvertaken?: () => Promise<readonly string[] | null>;
  readonly act: (note: string | undefined) => Promise<unknown>;
  readonly onDone: () => void;
  readonly onClose: () => void;
  /** The effects of the act, in words. */
  readonly children: ReactNode;
}

/** Asks before an act is carried out. It says the effects first, and keeps the note when the act is refused. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { title, button, scope, off, act, onDone, onClose, onOvertaken, children } = props;
  const { isDanger = false, hasNote = false } = props;
  const [note, setNote] = useState('');
  const [changes, setChanges] = useState<readonly string[] | null>();
  const acting: UseMutationResult<unknown, Error, void> = useMutation({
    mutationFn: () => act(note.trim() || undefined),
    onSuccess: () => {
      onDone();
      onClose();
    },
    onError: async (error) => {
      if (isOvertaken(error)) setChanges(await onOvertaken?.());
    },
  });
  const hasChanged = onOvertaken !== undefined && isOvertaken(acting.error);
  const { at, rest } = refusalOf(hasChanged ? null : acting.error, hasNote ? ['note'] : []);
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      {hasNote && <NoteField value={note} problem={at('note')} onChange={setNote} />}
      {hasChanged && <HasChanged what={changes} />}
      <Failed error={rest} />
      <div className="actions">
        <button type="button" className="plain" onClick={onClose}>
          Cancel
        </button>
        <SendButton
          scope={scope}
          className={isDanger ? 'danger' : ''}
          missing={off}
          busy={acting.isPending}
          onPress={() => acting.mutate()}
        >
          {acting.isPending ? 'One moment …' : button}
        </SendButton>
      </div>
    </Dialog>
  );
}

/** Says that somebody else has changed what an act is about, and what of it. */
export function HasChanged({ what = [] }: { readonly what?: readonly string[] | null | undefined }) {
  if (what === null) return <RefusedAsRead />;
  return (
    <p className="notice bad" role="alert">
      <span className="strong">Somebody else has changed this meanwhile.</span>{' '}
      {what.length > 0 && `They changed: ${what.join(', ')}. `}
      Nothing was done. The page behind shows it as it is now.
    </p>
  );
}
