import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { type Scope, useCaller } from '../../admin-api/caller.js';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { ActButton, useScopeReason } from '../../elements/act-button.js';
import { CheckField } from '../../elements/input-field.js';
import { Failed } from '../../elements/states.js';
import { adminScopes } from '../../generated/lists.js';
import type { PersonDetails } from './people-queries.js';

/** Scopes in the order of their list. Those that this console does not know stay. */
const inOrder = (scopes: readonly string[]): Scope[] => {
  const known = adminScopes.filter((scope) => scopes.includes(scope));
  return [...known, ...(scopes.filter((scope) => !known.includes(scope as Scope)) as Scope[])];
};

/** The scopes of a person in this console. Nobody hands out more than they have themselves. */
export function PersonOperator({ person }: { readonly person: PersonDetails }) {
  const [chosen, setChosen] = useState<readonly string[]>();
  const scopes = chosen ?? person.operator_scopes;
  const queries = useQueryClient();
  const save = useMutation({
    mutationFn: () =>
      bodyOf(
        adminApi.PUT('/v1/accounts/{id}/operator', {
          params: { path: { id: person.id } },
          body: { scopes: inOrder(scopes) },
        }),
      ),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['account', person.id] });
      setChosen(undefined);
    },
  });
  const isChanged = adminScopes.some(
    (scope) => scopes.includes(scope) !== person.operator_scopes.includes(scope),
  );
  return (
    <section className="card stack" aria-label="Operator">
      <h2>Operator</h2>
      <p className="quiet">
        {person.operator_scopes.length === 0
          ? 'This person is no operator. With a scope, they can sign in to this console.'
          : 'An operator needs a scope here, and the client that they use needs it, too.'}
      </p>
      <ScopeChoice scopes={scopes} onChange={setChosen} />
      {save.isError && <Failed error={save.error} />}
      {isChanged && (
        <div className="actions">
          <ActButton scope="accounts:write" look="main" busy={save.isPending} onAct={() => save.mutate()}>
            Save
          </ActButton>
          <button type="button" className="plain compact" onClick={() => setChosen(undefined)}>
            Undo
          </button>
        </div>
      )}
    </section>
  );
}

const notYours = 'You can neither give nor take a scope that you do not have.';

interface ScopeChoiceProps {
  readonly scopes: readonly string[];
  readonly onChange: (scopes: readonly string[]) => void;
}

function ScopeChoice({ scopes, onChange }: ScopeChoiceProps) {
  const caller = useCaller();
  const reason = useScopeReason('accounts:write');
  const holds = (scope: Scope) => caller?.scopes.includes(scope) ?? false;
  return (
    <>
      <fieldset className="check-grid">
        <legend className="unseen">Scopes</legend>
        {adminScopes.map((scope) => (
          <CheckField
            key={scope}
            label={<code>{scope}</code>}
            checked={scopes.includes(scope)}
            off={reason ?? (holds(scope) ? undefined : notYours)}
            onChange={(isOn) =>
              onChange(isOn ? [...scopes, scope] : scopes.filter((other) => other !== scope))
            }
          />
        ))}
      </fieldset>
      {adminScopes.some((scope) => !holds(scope)) && <p className="small quiet">{notYours}</p>}
    </>
  );
}
