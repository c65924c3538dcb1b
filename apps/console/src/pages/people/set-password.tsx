import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { isOvertaken } from '../../admin-api/problem.js';
import { SendButton } from '../../elements/act-button.js';
import { Dialog } from '../../elements/dialog.js';
import { CheckField, InputField } from '../../elements/input-field.js';
import { SecretOnce } from '../../elements/record.js';
import { refusalOf } from '../../elements/refusal.js';
import { Overtaken } from '../../elements/revision.js';
import { Failed } from '../../elements/states.js';
import type { PersonDetails } from './people-queries.js';
import { useSeenPerson } from './seen-person.js';

interface SetPasswordProps {
  readonly person: PersonDetails;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Sets a password; one that is made up is shown once. */
export function SetPassword({ person, onClose, onDone }: SetPasswordProps) {
  const [password, setPassword] = useState('');
  const [endSessions, setEndSessions] = useState(true);
  const seen = useSeenPerson(person);
  const [overtakenBy, setOvertakenBy] = useState<readonly string[] | null>();
  const set = useMutation({
    mutationFn: () =>
      bodyOf(
        adminApi.PUT('/v1/accounts/{id}/password', {
          params: { path: { id: person.id }, header: { 'If-Match': seen.etag } },
          body: { end_sessions: endSessions, ...(password ? { password } : {}) },
        }),
      ),
    onSuccess: onDone,
    onError: async (error) => {
      if (isOvertaken(error)) setOvertakenBy(await seen.lookAgain());
    },
  });
  const { at, rest } = refusalOf(isOvertaken(set.error) ? null : set.error, ['password']);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setOvertakenBy(undefined);
    set.mutate();
  };
  return (
    <Dialog title={`A password for ${person.username}`} onClose={onClose}>
      {set.data ? (
        <PasswordIsSet outcome={set.data} onClose={onClose} />
      ) : (
        <form onSubmit={submit} className="stack">
          <InputField
            label="New password"
            type="password"
            isFirst
            value={password}
            onChange={setPassword}
            problem={at('password')}
            hint="Leave it empty to have one made up, which is shown once and changed at the next sign-in"
          />
          <CheckField
            label="End every session of the account"
            about="recommended where the old password may be known to somebody else"
            checked={endSessions}
            onChange={setEndSessions}
          />
          <Overtaken by={overtakenBy} />
          <Failed error={rest} />
          <div className="actions">
            <button type="button" className="plain" onClick={onClose}>
              Cancel
            </button>
            <SendButton scope="accounts:write" type="submit" busy={set.isPending}>
              Set the password
            </SendButton>
          </div>
        </form>
      )}
    </Dialog>
  );
}

interface PasswordIsSetProps {
  readonly outcome: { readonly password: string | null; readonly ended: object | null };
  readonly onClose: () => void;
}

function PasswordIsSet({ outcome, onClose }: PasswordIsSetProps) {
  return (
    <>
      {outcome.password ? (
        <SecretOnce label="The new password" value={outcome.password} />
      ) : (
        <p role="status">The password is set.</p>
      )}
      {outcome.ended && <p>Every session of the account has ended.</p>}
      <div className="actions">
        <button type="button" onClick={onClose}>
          Done
        </button>
      </div>
    </>
  );
}
