import type { ReactNode } from 'react';
import { SendButton, unchanged } from '../../elements/act-button.js';
import { Overtaken } from '../../elements/revision.js';
import { Failed } from '../../elements/states.js';
import type { useRegistrationChange } from './registration-change.js';

interface RegistrationFormProps<T extends object> {
  readonly label: string;
  readonly title: string;
  readonly change: Omit<ReturnType<typeof useRegistrationChange<T>>, 'secret'>;
  /** The words for each member, as people read them. */
  readonly names: Readonly<Record<keyof T, string>>;
  readonly onDone: () => void;
  /** The fields. */
  readonly children: ReactNode;
}

/** A form that changes members of a registration: it says what somebody else has saved meanwhile, and what is refused. */
export function RegistrationForm<T extends object>(props: RegistrationFormProps<T>) {
  const { label, title, change, names, onDone, children } = props;
  const { form, refusal, isSaving } = change;
  return (
    <form
      className="card stack"
      aria-label={label}
      onSubmit={(event) => {
        event.preventDefault();
        change.save();
      }}
    >
      <h2>{title}</h2>
      {children}
      <Overtaken by={form.overtakenBy((member) => names[member])} />
      <Failed error={refusal.rest} />
      <div className="actions">
        <SendButton
          scope="clients:write"
          type="submit"
          missing={unchanged(form.changed.length)}
          busy={isSaving}
        >
          {isSaving ? 'Saving …' : 'Save'}
        </SendButton>
        <button type="button" className="plain" onClick={onDone}>
          Cancel
        </button>
      </div>
    </form>
  );
}
