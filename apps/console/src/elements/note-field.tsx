import { useId } from 'react';
import { Says } from './filter-fields.js';

interface NoteFieldProps {
  readonly value: string;
  /** The words against the note, where the act was refused for it. */
  readonly problem: string | undefined;
  readonly onChange: (value: string) => void;
}

/** The note that an operator leaves with an end. */
export function NoteField({ value, problem, onChange }: NoteFieldProps) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>Note for those who read the history later</label>
      <textarea
        id={id}
        value={value}
        maxLength={500}
        aria-invalid={problem ? true : undefined}
        aria-describedby={problem ? `${id}-says` : undefined}
        onChange={(event) => onChange(event.target.value)}
      />
      <Says id={`${id}-says`} problem={problem} hint={undefined} />
    </div>
  );
}
