import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { adminApi, answerOf, bodyOf } from '../../admin-api/client.js';
import { audiencesQuery } from '../../admin-api/names.js';
import { Problem } from '../../admin-api/problem.js';
import { SelectField } from '../../elements/filter-fields.js';
import { InputField } from '../../elements/input-field.js';
import { Overtaken, useRevision } from '../../elements/revision.js';
import { Failed } from '../../elements/states.js';
import { RouteMatchFields, RouteRequirementFields, RouteUpstreamFields } from './route-fields.js';
import {
  bodyOfRoute,
  memberTitles,
  type RouteRevision,
  type TypedRoute,
  typedRoute,
} from './route-members.js';

interface RouteFormProps {
  readonly typed: TypedRoute;
  /** The version that a change is made from; null for a new route. */
  readonly etag: string | null;
  readonly onDone: (name: string) => void;
  readonly onCancel: () => void;
}

const readRoute = (name: string) =>
  answerOf(adminApi.GET('/v1/gateway-routes/{name}', { params: { path: { name } } }));

/** Writes a route. If somebody else has saved meanwhile, their changes are shown, and nothing that was typed is lost. */
export function RouteForm({ typed: first, etag, onDone, onCancel }: RouteFormProps) {
  const form = useRevision(first, etag ?? '');
  const save = useSave(form, etag === null, onDone);
  const problem = save.error instanceof Problem && save.error.status !== 412 ? save.error : undefined;
  const isAtField = problem?.faults.some(({ at }) =>
    Object.keys(memberTitles).some((member) => at.includes(`/${member}`)),
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    form.forget();
    save.mutate();
  };
  const fields = { form, problem };
  return (
    <form className="stack" onSubmit={submit} aria-label="Route">
      <NameFields {...fields} isNew={etag === null} />
      <RouteMatchFields {...fields} />
      <RouteRequirementFields {...fields} />
      <RouteUpstreamFields {...fields} />
      <Overtaken by={form.overtakenBy?.map((member) => memberTitles[member])} />
      {problem && !isAtField && <Failed error={problem} />}
      <div className="actions">
        <button type="submit" disabled={save.isPending || form.changed.length === 0}>
          {save.isPending ? 'Saving …' : etag === null ? 'Create' : 'Save'}
        </button>
        <button type="button" className="plain" onClick={onCancel}>
          Cancel
        </button>
      </div>
    </form>
  );
}

function useSave(form: RouteRevision, isNew: boolean, onDone: (name: string) => void) {
  const queries = useQueryClient();
  const { name } = form.typed;
  return useMutation({
    mutationFn: () => {
      const body = bodyOfRoute(form.typed);
      return isNew
        ? bodyOf(adminApi.POST('/v1/gateway-routes', { body: { name, ...body } }))
        : bodyOf(
            adminApi.PUT('/v1/gateway-routes/{name}', {
              params: { path: { name }, header: { 'If-Match': form.etag } },
              body,
            }),
          );
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['routes'] });
      onDone(name);
    },
    onError: async (error) => {
      if (!(error instanceof Problem) || error.status !== 412) return;
      const latest = await readRoute(name);
      form.rebase(typedRoute(latest.body), latest.etag ?? '');
    },
  });
}

interface NameFieldsProps {
  readonly form: RouteRevision;
  readonly problem: Problem | undefined;
  readonly isNew: boolean;
}

function NameFields({ form: { typed, change }, problem, isNew }: NameFieldsProps) {
  const { data: audiences = [] } = useQuery(audiencesQuery);
  const taken = problem?.code === 'route_exists' ? problem.message : undefined;
  return (
    <section className="card route-fields" aria-label="Name and order">
      {isNew && (
        <InputField
          label={memberTitles.name}
          value={typed.name}
          onChange={(name) => change({ name })}
          problem={problem?.faultOf('name') ?? taken}
          hint="A word for logs and metrics"
        />
      )}
      <InputField
        label={memberTitles.position}
        value={typed.position}
        onChange={(position) => change({ position })}
        problem={problem?.faultOf('position')}
        hint="The first route that matches is the one; equal positions go by name"
      />
      <SelectField
        label={memberTitles.resource}
        value={typed.resource}
        problem={
          problem?.faultOf('resource') ?? (problem?.code === 'unknown_resource' ? problem.message : undefined)
        }
        onChange={(resource) => change({ resource })}
      >
        <option value="">choose one</option>
        {[...new Set([...audiences, ...(typed.resource ? [typed.resource] : [])])].map((audience) => (
          <option key={audience}>{audience}</option>
        ))}
      </SelectField>
    </section>
  );
}
