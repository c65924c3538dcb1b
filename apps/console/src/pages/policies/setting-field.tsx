import { useId } from 'react';
import { writtenLength } from '../../elements/durations.js';
import type { policySettings } from '../../generated/lists.js';
import { sentenceWords, settingWords, valueWords } from './setting-words.js';

/** How a setting is written, as the document of the admin API says. */
export type SettingShape = (typeof policySettings)[number];

interface SettingFieldProps {
  readonly shape: SettingShape;
  readonly value: unknown;
  readonly problem: string | undefined;
  readonly onChange: (value: unknown) => void;
}

/** One setting of a policy, with its bounds and what the admin API says against it. */
export function SettingField({ shape, value, problem, onChange }: SettingFieldProps) {
  const id = useId();
  const described = { 'aria-invalid': problem ? true : undefined, 'aria-describedby': `${id}-says` } as const;
  const hint =
    shape.kind === 'choice'
      ? ''
      : shape.kind === 'duration'
        ? `${writtenLength(shape.min)} to ${writtenLength(shape.max)}`
        : `${shape.min} to ${shape.max}`;
  return (
    <div className="field">
      <label htmlFor={id}>{settingWords(shape.name)}</label>
      {shape.kind === 'choice' && (
        <select
          id={id}
          value={String(value)}
          {...described}
          onChange={(event) => onChange(event.target.value)}
        >
          {shape.choices.map((choice) => (
            <option key={choice} value={choice}>
              {valueWords(choice, shape.name)}
            </option>
          ))}
        </select>
      )}
      {shape.kind === 'duration' && (
        <input
          id={id}
          value={String(value ?? '')}
          {...described}
          onChange={(event) => onChange(event.target.value.trim())}
        />
      )}
      {shape.kind === 'count' && (
        <input
          id={id}
          inputMode="numeric"
          placeholder={shape.orUnlimited ? 'no limit' : ''}
          value={value === null ? '' : String(value ?? '')}
          {...described}
          onChange={(event) => onChange(countOf(event.target.value, shape.orUnlimited))}
        />
      )}
      <p id={`${id}-says`} className={problem ? 'problem' : 'hint'} role={problem ? 'alert' : undefined}>
        {problem ? sentenceWords(problem) : hint}
      </p>
    </div>
  );
}

/** The number that was typed; anything else goes to the admin API as it is, which says what is wrong with it. */
function countOf(text: string, orUnlimited: boolean): number | string | null {
  if (text.trim() === '' && orUnlimited) return null;
  return /^\d{1,9}$/.test(text.trim()) ? Number(text) : text;
}
