import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { SendButton } from '../../elements/act-button.js';
import { Dialog } from '../../elements/dialog.js';
import { InputField } from '../../elements/input-field.js';
import { SecretOnce } from '../../elements/record.js';
import { refusalOf } from '../../elements/refusal.js';
import { Failed } from '../../elements/states.js';

interface NewPersonProps {
  readonly onClose: () => void;
  readonly onMade: () => void;
}

/** Makes an account. Without a password one is made up, shown once, and changed at the first sign-in. */
export function NewPerson({ onClose, onMade }: NewPersonProps) {
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const make = useMutation({
    mutationFn: () =>
      bodyOf(adminApi.POST('/v1/accounts', { body: { username, ...(password ? { password } : {}) } })),
    onSuccess: onMade,
  });
  const { at, rest } = refusalOf(make.error, ['username', 'password']);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  if (make.data) return <MadePerson made={make.data} onClose={onClose} />;
  return (
    <Dialog title="New person" onClose={onClose}>
      <form onSubmit={submit} className="stack">
        <InputField
          label="Username"
          isFirst
          value={username}
          onChange={setUsername}
          problem={at('username')}
          hint="An e-mail address or another name without spaces"
        />
        <InputField
          label="Password"
          type="password"
          value={password}
          onChange={setPassword}
          problem={at('password')}
          hint="Leave it empty to have one made up, which is shown once and changed at the first sign-in"
        />
        <Failed error={rest} />
        <div className="actions">
          <button type="button" className="plain" onClick={onClose}>
            Cancel
          </button>
          <SendButton scope="accounts:write" type="submit" busy={make.isPending}>
            Create
          </SendButton>
        </div>
      </form>
    </Dialog>
  );
}

interface MadePersonProps {
  readonly made: { readonly id: string; readonly username: string; readonly password: string | null };
  readonly onClose: () => void;
}

function MadePerson({ made, onClose }: MadePersonProps) {
  return (
    <Dialog title={`${made.username} can sign in`} onClose={onClose}>
      {made.password ? (
        <SecretOnce label="The password for the first sign-in" value={made.password} />
      ) : (
        <p>The password is the one that you chose.</p>
      )}
      <div className="actions">
        <Link to="/people/$id" params={{ id: made.id }} className="button plain" onClick={onClose}>
          Open this person
        </Link>
        <button type="button" onClick={onClose}>
          Done
        </button>
      </div>
    </Dialog>
  );
}
