import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { clientInPath } from '../../admin-api/in-path.js';
import { isOvertaken } from '../../admin-api/problem.js';
import { ActButton, SendButton } from '../../elements/act-button.js';
import { ConfirmDialog } from '../../elements/confirm-dialog.js';
import { Dialog } from '../../elements/dialog.js';
import { SelectField } from '../../elements/filter-fields.js';
import { SecretOnce } from '../../elements/record.js';
import { refusalOf } from '../../elements/refusal.js';
import { Failed } from '../../elements/states.js';
import { Time } from '../../elements/time.js';
import { type ApplicationDetails, applicationQuery } from './application-queries.js';

/** How long the secret before may go on, in seconds. */
const overlaps = [
  ['86400', 'for a day'],
  ['604800', 'for a week'],
  ['3600', 'for an hour'],
  ['0', 'no longer: it ends at once'],
] as const;

/** The secrets of an application. A new one is accepted beside the old one for a while, so that nothing stands still. */
export function ApplicationSecrets({ application }: { readonly application: ApplicationDetails }) {
  const [isRolling, setRolling] = useState(false);
  const [ending, setEnding] = useState<string>();
  const queries = useQueryClient();
  const id = application.client_id;
  const changed = () => void queries.invalidateQueries({ queryKey: ['clients', id] });
  if (!application.token_endpoint_auth_method.startsWith('client_secret')) return null;
  return (
    <section className="card stack" aria-label="Secrets">
      <h2>Secrets</h2>
      <ul className="items">
        {application.secrets.map((secret) => (
          <li key={secret.id}>
            <span className="about">
              made <Time at={secret.created_at} />
              <span className="small quiet">
                {secret.expires_at ? (
                  <>
                    , ends <Time at={secret.expires_at} />
                  </>
                ) : (
                  ', in force'
                )}{' '}
                <span className="mono">{secret.id.slice(0, 8)}</span>
              </span>
            </span>
            <ActButton scope="clients:write" look="ending" onAct={() => setEnding(secret.id)}>
              End it …
            </ActButton>
          </li>
        ))}
      </ul>
      <ActButton scope="clients:write" onAct={() => setRolling(true)}>
        New secret …
      </ActButton>
      {isRolling && (
        <NewSecret application={application} onClose={() => setRolling(false)} onMade={changed} />
      )}
      {ending && (
        <EndSecret
          id={id}
          secretId={ending}
          isOnly={application.secrets.length === 1}
          onClose={() => setEnding(undefined)}
          onEnded={changed}
        />
      )}
    </section>
  );
}

interface EndSecretProps {
  readonly id: string;
  readonly secretId: string;
  readonly isOnly: boolean;
  readonly onClose: () => void;
  readonly onEnded: () => void;
}

function EndSecret({ id, secretId, isOnly, onClose, onEnded }: EndSecretProps) {
  const path = { id: clientInPath(id), secret_id: secretId };
  return (
    <ConfirmDialog
      scope="clients:write"
      title="End this secret"
      button="End it"
      isDanger
      act={() => bodyOf(adminApi.DELETE('/v1/clients/{id}/secrets/{secret_id}', { params: { path } }))}
      onDone={onEnded}
      onClose={onClose}
    >
      <p>
        {isOnly
          ? 'It is the only one: the application cannot authenticate until it has a new one.'
          : 'Requests with it are refused from now on.'}
      </p>
    </ConfirmDialog>
  );
}

interface NewSecretProps {
  readonly application: ApplicationDetails;
  readonly onClose: () => void;
  readonly onMade: () => void;
}

function NewSecret({ application, onClose, onMade }: NewSecretProps) {
  const { client_id: id } = application;
  const [overlap, setOverlap] = useState('86400');
  const queries = useQueryClient();
  const [secrets, setSecrets] = useState(application.secrets);
  const make = useMutation({
    mutationFn: () =>
      bodyOf(
        adminApi.POST('/v1/clients/{id}/secrets', {
          params: { path: { id: clientInPath(id) } },
          body: { overlap_seconds: Number(overlap), before: secrets.map((secret) => secret.id) },
        }),
      ),
    onSuccess: onMade,
    onError: async (error) => {
      if (isOvertaken(error))
        setSecrets((await queries.fetchQuery({ ...applicationQuery(id), staleTime: 0 })).body.secrets);
    },
  });
  const { at, rest } = refusalOf(isOvertaken(make.error) ? null : make.error, ['overlap_seconds'], {
    no_secret_in_use: 'overlap_seconds',
  });
  return (
    <Dialog title="New secret" onClose={onClose}>
      {make.data ? (
        <SecretOnce label="Client secret" value={make.data.client_secret} />
      ) : (
        <SelectField
          label="The secret in force is accepted"
          value={overlap}
          problem={at('overlap_seconds')}
          onChange={setOverlap}
        >
          {overlaps.map(([seconds, title]) => (
            <option key={seconds} value={seconds}>
              {title}
            </option>
          ))}
        </SelectField>
      )}
      {isOvertaken(make.error) && (
        <p className="notice bad" role="alert">
          <span className="strong">Somebody else has changed the secrets meanwhile.</span> Nothing was made.
          In force now: {secrets.length.toLocaleString()}, as the page behind shows.
        </p>
      )}
      <Failed error={rest} />
      <div className="actions">
        <button type="button" className="plain" onClick={onClose}>
          {make.data ? 'Done' : 'Cancel'}
        </button>
        {!make.data && (
          <SendButton scope="clients:write" busy={make.isPending} onPress={() => make.mutate()}>
            Make it
          </SendButton>
        )}
      </div>
    </Dialog>
  );
}
