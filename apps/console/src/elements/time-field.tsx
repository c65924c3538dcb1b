import { useId } from 'react';

interface TimeFieldProps {
  readonly label: string;
  /** An instant of RFC 3339; shown in the time zone of the operator. */
  readonly value: string | undefined;
  readonly problem?: string | undefined;
  readonly onChange: (value: string | undefined) => void;
}

/** An instant as the field of the browser writes it: local time without a zone. */
function localTime(value: string | undefined): string {
  const at = Date.parse(value ?? '');
  if (Number.isNaN(at)) return '';
  const offset = new Date(at).getTimezoneOffset() * 60_000;
  return new Date(at - offset).toISOString().slice(0, 16);
}

/** A date and a time, to the minute. */
export function TimeField({ label, value, problem, onChange }: TimeFieldProps) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type="datetime-local"
        value={localTime(value)}
        aria-invalid={problem ? true : undefined}
        aria-describedby={problem ? `${id}-says` : undefined}
        onChange={({ target }) =>
          onChange(target.value === '' ? undefined : new Date(target.value).toISOString())
        }
      />
      {problem && (
        <p id={`${id}-says`} className="problem" role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}
