import { useId } from 'react';
import { Problem } from '../admin-api/problem.js';

interface NoteFieldProps {
  readonly value: string;
  /** The error of the act that the note goes with; its refusal of the note stands at the field. */
  readonly error?: unknown;
  readonly onChange: (value: string) => void;
}

/** The note that an operator leaves with an end. */
export function NoteField({ value, error, onChange }: NoteFieldProps) {
  const id = useId();
  const problem = error instanceof Problem ? error.faultOf('note') : undefined;
  return (
    <div className="field">
      <label htmlFor={id}>Note for those who read the history later</label>
      <textarea
        id={id}
        value={value}
        maxLength={500}
        aria-invalid={problem ? true : undefined}
        onChange={(event) => onChange(event.target.value)}
      />
      {problem && <p className="problem">{problem}</p>}
    </div>
  );
}
