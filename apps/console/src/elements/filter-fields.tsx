import { type ReactNode, useId, useLayoutEffect, useRef, useState } from 'react';

interface FieldProps {
  readonly label: string;
  /** The refusal of this field by the admin API. */
  readonly problem?: string | undefined;
  readonly hint?: string | undefined;
}

/** A text that can be picked, and words about it that are shown beside it. */
interface Suggestion {
  readonly value: string;
  readonly about?: string | undefined;
}

interface TextFieldProps extends FieldProps {
  readonly value: string;
  readonly onCommit: (value: string) => void;
  readonly placeholder?: string;
  readonly options?: readonly Suggestion[];
  readonly onType?: (value: string) => void;
  /** The text that was typed stays, whatever the value becomes: it is being looked up, or was refused. */
  readonly isKept?: boolean;
}

/** The text of a field: its value, until somebody types. */
function useTypedText(value: string, isKept: boolean) {
  const [text, setText] = useState(value);
  const input = useRef<HTMLInputElement>(null);
  const isTyping = useRef(false);
  const kept = useRef(isKept);
  kept.current = isKept;
  const isMarked = useRef(false);
  useLayoutEffect(() => {
    // A name that arrives late does not take the place of what is being typed, looked up, or refused.
    if (isTyping.current || kept.current) return;
    isMarked.current = text !== value && isAllMarked(input.current);
    setText(value);
  }, [value]);
  useLayoutEffect(() => {
    // A person who has marked the whole text is about to type over it; a new text would put the caret behind itself.
    if (isMarked.current) input.current?.select();
    isMarked.current = false;
  }, [text]);
  return { text, setText, isTyping, input };
}

const isAllMarked = (input: HTMLInputElement | null): boolean =>
  input !== null &&
  input === document.activeElement &&
  input.value !== '' &&
  input.selectionStart === 0 &&
  input.selectionEnd === input.value.length;

/** A text that takes effect on Enter or when the field is left, so that no search begins in the middle of a word. */
export function TextField({
  label,
  problem,
  hint,
  value,
  onCommit,
  onType,
  placeholder,
  options,
  isKept = false,
}: TextFieldProps) {
  const id = useId();
  const { text, setText, isTyping, input } = useTypedText(value, isKept);
  const commit = () => {
    isTyping.current = false;
    if (text.trim() !== value) onCommit(text.trim());
  };
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        ref={input}
        id={id}
        value={text}
        placeholder={placeholder}
        list={options ? `${id}-options` : undefined}
        aria-invalid={problem ? true : undefined}
        aria-describedby={problem || hint ? `${id}-says` : undefined}
        onChange={(event) => {
          isTyping.current = true;
          setText(event.target.value);
          onType?.(event.target.value);
          // A suggestion that was picked is a whole name; a person does not have to confirm it.
          if (!isPicked(event.nativeEvent)) return;
          isTyping.current = false;
          onCommit(event.target.value.trim());
        }}
        onBlur={commit}
        onKeyDown={(event) => {
          if (event.key !== 'Enter') return;
          // A form around it is sent with the next Enter, once what was typed is taken.
          if (text.trim() !== value) event.preventDefault();
          commit();
        }}
      />
      {options && (
        <datalist id={`${id}-options`}>
          {options.map(({ value: option, about }) => (
            <option key={option} value={option} label={about} />
          ))}
        </datalist>
      )}
      <Says id={`${id}-says`} problem={problem} hint={hint} />
    </div>
  );
}

/** Whether a text came from the list of suggestions (Input Events Level 2). */
const isPicked = (event: Event): boolean =>
  event instanceof InputEvent && event.inputType === 'insertReplacementText';

interface SelectFieldProps extends FieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly children: ReactNode;
}

/** A choice among a few. */
export function SelectField({ label, problem, hint, value, onChange, children }: SelectFieldProps) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        value={value}
        aria-invalid={problem ? true : undefined}
        aria-describedby={problem || hint ? `${id}-says` : undefined}
        onChange={(event) => onChange(event.target.value)}
      >
        {children}
      </select>
      <Says id={`${id}-says`} problem={problem} hint={hint} />
    </div>
  );
}

/** The words below a field: its refusal, or else a hint. */
export function Says({ id, problem, hint }: { readonly id: string } & Pick<FieldProps, 'problem' | 'hint'>) {
  if (!problem && !hint) return null;
  return (
    <p id={id} className={problem ? 'problem' : 'hint'} role={problem ? 'alert' : undefined}>
      {problem ?? hint}
    </p>
  );
}
