import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { type Scope, useCaller } from '../../admin-api/caller.js';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { accountQuery } from '../../admin-api/names.js';
import { isOvertaken } from '../../admin-api/problem.js';
import { ActButton, useScopeReason } from '../../elements/act-button.js';
import { CheckField } from '../../elements/input-field.js';
import { Overtaken } from '../../elements/revision.js';
import { Failed } from '../../elements/states.js';
import { adminScopes } from '../../generated/lists.js';
import type { PersonDetails } from './people-queries.js';

/** Scopes in the order of their list. Those that this console does not know stay. */
const inOrder = (scopes: readonly string[]): Scope[] => {
  const known = adminScopes.filter((scope) => scopes.includes(scope));
  return [...known, ...(scopes.filter((scope) => !known.includes(scope as Scope)) as Scope[])];
};

/** A change of scopes: those that it is made from, and those that are chosen. */
interface Edit {
  readonly before: readonly string[];
  readonly scopes: readonly string[];
  /** The scopes that somebody else has given or taken meanwhile. */
  readonly theirs?: readonly string[] | undefined;
}

const without = (scopes: readonly string[], others: readonly string[]) =>
  scopes.filter((scope) => !others.includes(scope));

/** Goes on from the scopes that somebody else has saved, with the same given and taken as here. */
function onTopOf(theirs: readonly string[], { before, scopes }: Edit): Edit {
  const added = without(scopes, before);
  const kept = without(theirs, without(before, scopes));
  const changed = [...without(theirs, before), ...without(before, theirs)];
  return { before: theirs, scopes: [...new Set([...kept, ...added])], theirs: changed };
}

/** The scopes of a person in this console. Nobody hands out more than they have themselves. */
export function PersonOperator({ person }: { readonly person: PersonDetails }) {
  const [edit, setEdit] = useState<Edit>();
  const { scopes } = edit ?? { scopes: person.operator_scopes };
  const queries = useQueryClient();
  const choose = (next: readonly string[]) =>
    setEdit({ before: person.operator_scopes, ...edit, scopes: next, theirs: undefined });
  const save = useMutation({
    mutationFn: () =>
      bodyOf(
        adminApi.PUT('/v1/accounts/{id}/operator', {
          params: { path: { id: person.id } },
          body: { scopes: inOrder(scopes), before: inOrder(edit?.before ?? person.operator_scopes) },
        }),
      ),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['account', person.id] });
      setEdit(undefined);
    },
    onError: async (error) => {
      if (!isOvertaken(error) || !edit) return;
      const latest = await queries.fetchQuery({ ...accountQuery(person.id), staleTime: 0 });
      setEdit(onTopOf(latest.operator_scopes, edit));
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
      <ScopeChoice scopes={scopes} onChange={choose} />
      <Overtaken by={edit?.theirs} />
      {save.isError && !isOvertaken(save.error) && <Failed error={save.error} />}
      {isChanged && (
        <div className="actions">
          <ActButton scope="accounts:write" look="main" busy={save.isPending} onAct={() => save.mutate()}>
            Save
          </ActButton>
          <button type="button" className="plain compact" onClick={() => setEdit(undefined)}>
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
