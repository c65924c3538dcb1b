import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { ActButton } from '../../elements/act-button.js';
import { ConfirmDialog } from '../../elements/confirm-dialog.js';
import { Facts } from '../../elements/record.js';
import { Failed, Loading } from '../../elements/states.js';
import { Time } from '../../elements/time.js';
import { type Factors, personFactorsQuery } from './people-queries.js';

/** The second factors of a person, which can be removed for somebody who has lost them. */
export function PersonFactors({ id }: { readonly id: string }) {
  const found = useQuery(personFactorsQuery(id));
  const [isRemoving, setRemoving] = useState(false);
  const hasAny = found.data && (found.data.authenticator_app || found.data.passkeys.length > 0);
  return (
    <section className="card stack" aria-label="Second factors">
      <h2>Second factors</h2>
      {found.isPending && <Loading rows={2} label="Reading factors" />}
      {found.isError && <Failed error={found.error} onRetry={() => found.refetch()} />}
      {found.data && !hasAny && <p className="quiet">None: a password is enough to sign in.</p>}
      {found.data && hasAny && (
        <>
          <FactorFacts factors={found.data} />
          <div className="actions">
            <ActButton scope="accounts:write" look="ending" onAct={() => setRemoving(true)}>
              Remove them …
            </ActButton>
            {found.data.remembered_browsers.length > 0 && <ForgetBrowsers id={id} />}
          </div>
        </>
      )}
      {isRemoving && <RemoveFactors id={id} onClose={() => setRemoving(false)} />}
    </section>
  );
}

/** Has the person asked for the second step in every browser again. */
function ForgetBrowsers({ id }: { readonly id: string }) {
  const queries = useQueryClient();
  const [isAsking, setAsking] = useState(false);
  return (
    <>
      <ActButton scope="accounts:write" onAct={() => setAsking(true)}>
        Forget browsers …
      </ActButton>
      {isAsking && (
        <ConfirmDialog
          scope="accounts:write"
          title="Forget the remembered browsers"
          button="Forget them"
          hasNote
          act={(note) =>
            bodyOf(
              adminApi.DELETE('/v1/accounts/{id}/remembered-browsers', {
                params: { path: { id }, query: note === undefined ? {} : { note } },
              }),
            )
          }
          onDone={() => void queries.invalidateQueries({ queryKey: ['account', id] })}
          onClose={() => setAsking(false)}
        >
          <p>This person is asked for the second step in every browser again. Nothing is signed out.</p>
        </ConfirmDialog>
      )}
    </>
  );
}

interface FactorFactsProps {
  readonly factors: Factors;
}

function FactorFacts({ factors }: FactorFactsProps) {
  const { authenticator_app: app, passkeys, remembered_browsers: remembered } = factors;
  const since = app && (
    <span>
      since <Time at={app.created_at} />
      {app.last_used_at && (
        <>
          , used <Time at={app.last_used_at} />
        </>
      )}
    </span>
  );
  return (
    <Facts
      of={[
        ['Authenticator app', since ?? 'none'],
        ['Passkeys', passkeys.map(({ name }) => name).join(', ') || 'none'],
        ['Recovery codes left', String(factors.recovery_codes_left)],
        ['Remembered browsers', <Remembered key="remembered" of={remembered} />],
        [
          'Asked for',
          factors.asked_at_every_sign_in ? 'at every sign-in' : 'where an application or a policy demands it',
        ],
      ]}
    />
  );
}

function Remembered({ of }: { readonly of: Factors['remembered_browsers'] }) {
  if (of.length === 0) return <span>none</span>;
  return (
    <ul>
      {of.map(({ browser, system, created_at: since, expires_at: until }) => (
        <li key={since}>
          {[browser ?? 'Browser', system].filter(Boolean).join(' on ')}, until <Time at={until} />
        </li>
      ))}
    </ul>
  );
}

/** Removes the second factors of somebody who has lost them. */
function RemoveFactors({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const queries = useQueryClient();
  return (
    <ConfirmDialog
      scope="accounts:write"
      title="Remove the second factors"
      button="Remove them"
      isDanger
      hasNote
      act={(note) =>
        bodyOf(
          adminApi.DELETE('/v1/accounts/{id}/factors', {
            params: { path: { id }, query: note === undefined ? {} : { note } },
          }),
        )
      }
      onDone={() => void queries.invalidateQueries({ queryKey: ['account', id] })}
      onClose={onClose}
    >
      <p>
        The password alone signs this person in afterwards. Make sure that it is they who ask you for this.
      </p>
    </ConfirmDialog>
  );
}
