import { type UseMutationResult, useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import type { Scope } from '../admin-api/caller.js';
import { SendButton } from './act-button.js';
import { Dialog } from './dialog.js';
import { NoteField } from './note-field.js';
import { refusalOf } from './refusal.js';
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
  readonly act: (note: string | undefined) => Promise<unknown>;
  readonly onDone: () => void;
  readonly onClose: () => void;
  /** The effects of the act, in words. */
  readonly children: ReactNode;
}

/** Asks before an act is carried out. It says the effects first, and keeps the note when the act is refused. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const {
    title,
    button,
    scope,
    isDanger = false,
    hasNote = false,
    off,
    act,
    onDone,
    onClose,
    children,
  } = props;
  const [note, setNote] = useState('');
  const acting: UseMutationResult<unknown, Error, void> = useMutation({
    mutationFn: () => act(note.trim() || undefined),
    onSuccess: () => {
      onDone();
      onClose();
    },
  });
  const { at, rest } = refusalOf(acting.error, hasNote ? ['note'] : []);
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      {hasNote && <NoteField value={note} problem={at('note')} onChange={setNote} />}
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
