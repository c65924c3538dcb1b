import { type ReactNode, useId } from 'react';
import { OffReason } from './explained-button.js';
import { Says } from './filter-fields.js';

interface InputFieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** The refusal of this field by the admin API. */
  readonly problem?: string | undefined;
  readonly hint?: string | undefined;
  readonly type?: 'text' | 'password' | 'url';
  /** Whether the focus begins here in a dialog. */
  readonly isFirst?: boolean;
  /** The number of lines, where there may be several. */
  readonly lines?: number;
  readonly options?: readonly string[];
}

/** A text of a form, with its refusal at the field. */
export function InputField(props: InputFieldProps) {
  const { label, value, onChange, problem, hint, type = 'text', isFirst, lines, options } = props;
  const id = useId();
  const described = {
    id,
    value,
    'data-first': isFirst ? true : undefined,
    'aria-invalid': problem ? true : undefined,
    'aria-describedby': problem || hint ? `${id}-says` : undefined,
  } as const;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {lines === undefined ? (
        <input
          {...described}
          type={type}
          autoComplete={type === 'password' ? 'new-password' : 'off'}
          spellCheck={false}
          list={options ? `${id}-options` : undefined}
          onChange={(event) => onChange(event.target.value)}
        />
      ) : (
        <textarea
          {...described}
          rows={lines}
          spellCheck={false}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
      {options && (
        <datalist id={`${id}-options`}>
          {options.map((option) => (
            <option key={option} value={option} />
          ))}
        </datalist>
      )}
      <Says id={`${id}-says`} problem={problem} hint={hint} />
    </div>
  );
}

interface CheckFieldProps {
  readonly label: ReactNode;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  /** Why it cannot be changed, in words; undefined while it can. */
  readonly off?: ReactNode;
  /** The effect, in a few words. */
  readonly about?: string;
}

/** A choice between yes and no. */
export function CheckField({ label, checked, onChange, off, about }: CheckFieldProps) {
  const reason = useId();
  return (
    <span className="act">
      <label className="check">
        <input
          type="checkbox"
          checked={checked}
          aria-disabled={off === undefined ? undefined : true}
          aria-describedby={off === undefined ? undefined : reason}
          onChange={(event) => {
            if (off === undefined) onChange(event.target.checked);
          }}
        />
        <span>
          {label}
          {about && <span className="small quiet"> — {about}</span>}
        </span>
      </label>
      <OffReason id={reason} of={off} />
    </span>
  );
}

interface ChecksFieldProps {
  readonly title: string;
  readonly choices: readonly string[];
  /** Those that are chosen; one that is no choice any more stays visible. */
  readonly chosen: readonly string[];
  /** The refusal of the group by the admin API. */
  readonly problem: string | undefined;
  /** How a choice is told; itself unless given. */
  readonly labelOf?: (choice: string) => ReactNode;
  readonly onChange: (chosen: readonly string[]) => void;
  /** A way to choose what is not shown. */
  readonly children?: ReactNode;
}

/** A choice of several among a few, with its refusal at the group. */
export function ChecksField(props: ChecksFieldProps) {
  const { title, choices, chosen, problem, labelOf, onChange, children } = props;
  const id = useId();
  return (
    <fieldset className="checks" aria-describedby={problem ? id : undefined}>
      <legend className="small strong">{title}</legend>
      {[...new Set([...choices, ...chosen])].map((choice) => (
        <CheckField
          key={choice}
          label={labelOf ? labelOf(choice) : choice}
          checked={chosen.includes(choice)}
          onChange={(isOn) => onChange(isOn ? [...chosen, choice] : chosen.filter((one) => one !== choice))}
        />
      ))}
      {children}
      <Says id={id} problem={problem} hint={undefined} />
    </fieldset>
  );
}
