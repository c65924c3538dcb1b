import { administratorReasons } from '../generated/lists.js';
import { SelectField } from './filter-fields.js';
import { reasonWords } from './words.js';

/** A reason of an end that an administrator may give. */
export type GivenReason = (typeof administratorReasons)[number];

/** The reason of an end whose operator names none. */
export const usualReason: GivenReason = 'ended_by_administrator';

interface EndReasonFieldProps {
  readonly value: GivenReason;
  /** The words against the reason, where the act was refused for it. */
  readonly problem: string | undefined;
  readonly onChange: (value: GivenReason) => void;
}

/** The reason that an operator gives for an end. */
export function EndReasonField({ value, problem, onChange }: EndReasonFieldProps) {
  return (
    <SelectField
      label="Reason"
      value={value}
      problem={problem}
      onChange={(chosen) => onChange(chosen as GivenReason)}
    >
      {administratorReasons.map((one) => (
        <option key={one} value={one}>
          {reasonWords(one)}
        </option>
      ))}
    </SelectField>
  );
}
