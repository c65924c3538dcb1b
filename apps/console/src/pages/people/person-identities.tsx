import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { ActButton } from '../../elements/act-button.js';
import { ConfirmDialog } from '../../elements/confirm-dialog.js';
import { LiveCount } from '../../elements/live-count.js';
import { Time } from '../../elements/time.js';
import type { PersonDetails } from './people-queries.js';
import { providerNamesQuery } from './provider-queries.js';

type Identity = PersonDetails['identities'][number];

/** The accounts elsewhere with which a person signs in here; a link that is wrong is taken away. */
export function PersonIdentities({ person }: { readonly person: PersonDetails }) {
  const [removed, setRemoved] = useState<Identity>();
  const names = useQuery({ ...providerNamesQuery, enabled: person.identities.length > 0 });
  const nameOf = (issuer: string) => names.data?.get(issuer);
  return (
    <section className="card stack" aria-label="Sign-ins elsewhere">
      <h2>Sign-ins elsewhere</h2>
      {person.identities.length === 0 && <p className="quiet">None is linked.</p>}
      {person.identities.map((identity) => (
        <div key={`${identity.issuer} ${identity.subject}`} className="stack">
          <p>
            <IssuerName issuer={identity.issuer} name={nameOf(identity.issuer)} />
            <br />
            <span className="small quiet">as</span>{' '}
            <span className="small quiet mono">{identity.subject}</span>
            <br />
            <span className="small">
              linked <Time at={identity.created_at} />
              {identity.last_used_at && (
                <>
                  , used <Time at={identity.last_used_at} />
                </>
              )}
            </span>
          </p>
          <ActButton scope="accounts:write" look="ending" onAct={() => setRemoved(identity)}>
            Unlink …
          </ActButton>
        </div>
      ))}
      {removed && (
        <Unlink
          person={person}
          identity={removed}
          name={nameOf(removed.issuer)}
          onClose={() => setRemoved(undefined)}
        />
      )}
    </section>
  );
}

interface IssuerNameProps {
  readonly issuer: string;
  /** The name of its provider here; undefined where it is not known, or not offered any more. */
  readonly name: string | undefined;
}

function IssuerName({ issuer, name }: IssuerNameProps) {
  if (name === undefined) return <span className="mono">{issuer}</span>;
  return (
    <>
      <span className="strong">{name}</span> <span className="small quiet mono">{issuer}</span>
    </>
  );
}

interface UnlinkProps {
  readonly person: PersonDetails;
  readonly identity: Identity;
  readonly name: string | undefined;
  readonly onClose: () => void;
}

function Unlink({ person: { id, username }, identity: { issuer, subject }, name, onClose }: UnlinkProps) {
  const queries = useQueryClient();
  const done = () => {
    void queries.invalidateQueries({ queryKey: ['account', id] });
    void queries.invalidateQueries({ queryKey: ['sessions'] });
  };
  return (
    <ConfirmDialog
      scope="accounts:write"
      title={`Unlink ${username}`}
      button="Unlink"
      isDanger
      hasNote
      act={(note) =>
        bodyOf(
          adminApi.POST('/v1/accounts/{id}/unlink-identity', {
            params: { path: { id } },
            body: { issuer, subject, ...(note === undefined ? {} : { note }) },
          }),
        )
      }
      onDone={done}
      onClose={onClose}
    >
      <LiveCount of={{ account: id }} />
      <p>
        <IssuerName issuer={issuer} name={name} />
      </p>
      <p>
        Its person does not sign in as {username} any more. Everything of the account ends, because no session
        knows by which way in it began.
      </p>
    </ConfirmDialog>
  );
}
