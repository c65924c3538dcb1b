import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { adminApi, answerOf, bodyOf } from '../../admin-api/client.js';
import { Problem } from '../../admin-api/problem.js';
import { SendButton, unchanged } from '../../elements/act-button.js';
import { type Refusal, refusalOf } from '../../elements/refusal.js';
import { Overtaken, useRevision } from '../../elements/revision.js';
import { Failed } from '../../elements/states.js';
import { ApiField } from '../../elements/subject-fields.js';
import {
  MemberField,
  RouteMatchFields,
  RouteRequirementFields,
  RouteUpstreamFields,
} from './route-fields.js';
import {
  bodyOfRoute,
  members,
  type RouteRevision,
  type TypedRoute,
  titleOf,
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
  const refusal = refusalOf(problem, Object.keys(members), {
    route_exists: 'name',
    unknown_resource: 'resource',
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    form.forget();
    save.mutate();
  };
  const fields = { form, refusal };
  return (
    <form className="stack" onSubmit={submit} aria-label="Route">
      <NameFields {...fields} isNew={etag === null} />
      <RouteMatchFields {...fields} />
      <RouteRequirementFields {...fields} />
      <RouteUpstreamFields {...fields} />
      <Overtaken by={form.overtakenBy(titleOf)} />
      <Failed error={refusal.rest} />
      <div className="actions">
        <SendButton
          scope="policies:write"
          type="submit"
          missing={unchanged(form.changed.length)}
          busy={save.isPending}
        >
          {save.isPending ? 'Saving …' : etag === null ? 'Create' : 'Save'}
        </SendButton>
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
  readonly refusal: Refusal;
  readonly isNew: boolean;
}

function NameFields({ isNew, ...fields }: NameFieldsProps) {
  const { form, refusal } = fields;
  const { resource } = form.typed;
  return (
    <section className="card route-fields" aria-label="Name and order">
      {isNew && <MemberField {...fields} name="name" />}
      <MemberField {...fields} name="position" />
      <ApiField
        label={members.resource.title}
        placeholder="choose one"
        api={resource}
        problem={refusal.at('resource')}
        onChange={(chosen) => form.change({ resource: chosen ?? '' })}
      />
    </section>
  );
}
