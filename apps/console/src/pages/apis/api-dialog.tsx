import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { adminApi, answerOf, bodyOf } from '../../admin-api/client.js';
import { inPath } from '../../admin-api/in-path.js';
import { Problem } from '../../admin-api/problem.js';
import { ActButton, SendButton, unchanged } from '../../elements/act-button.js';
import { ConfirmDialog } from '../../elements/confirm-dialog.js';
import { Dialog } from '../../elements/dialog.js';
import { SelectField } from '../../elements/filter-fields.js';
import { InputField } from '../../elements/input-field.js';
import { wordsOf } from '../../elements/lines.js';
import { type Refusal, refusalOf } from '../../elements/refusal.js';
import { Overtaken, useRevision } from '../../elements/revision.js';
import { Failed, Loading } from '../../elements/states.js';
import { ApiName } from '../../elements/subject-names.js';
import type { Api } from './api-queries.js';

interface ApiDialogProps {
  /** The API that is changed; null for a new one. */
  readonly audience: string | null;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

interface Typed {
  readonly audience: string;
  readonly name: string;
  readonly scopes: string;
  readonly default_scopes: string;
  readonly token_format: 'opaque' | 'jwt';
}

const names = {
  audience: 'Audience',
  name: 'Name',
  scopes: 'Scopes',
  default_scopes: 'Scopes of a request that names none',
  token_format: 'Access tokens',
} as const satisfies Record<keyof Typed, string>;

const nothing: Typed = { audience: '', name: '', scopes: '', default_scopes: '', token_format: 'opaque' };

const typedOf = (api: Api): Typed => ({
  audience: api.audience,
  name: api.name,
  scopes: api.scopes.join(' '),
  default_scopes: api.default_scopes.join(' '),
  token_format: api.token_format,
});

const readApi = (audience: string) =>
  answerOf(adminApi.GET('/v1/resources/{audience}', { params: { path: { audience: inPath(audience) } } }));

/** Registers an API, or changes and deletes one. */
export function ApiDialog({ audience, onClose, onDone }: ApiDialogProps) {
  const found = useQuery({
    queryKey: ['resources', 'one', audience],
    enabled: audience !== null,
    gcTime: 0,
    queryFn: () => readApi(audience ?? ''),
  });
  if (audience === null) return <ApiForm typed={nothing} etag={null} onClose={onClose} onDone={onDone} />;
  // The form stays as it was typed where the API is read again.
  if (found.data && found.isFetchedAfterMount)
    return (
      <ApiForm typed={typedOf(found.data.body)} etag={found.data.etag} onClose={onClose} onDone={onDone} />
    );
  return (
    <Dialog title={audience} onClose={onClose}>
      {found.isError ? (
        <Failed error={found.error} onRetry={() => found.refetch()} />
      ) : (
        <Loading rows={3} label="Reading the API" />
      )}
    </Dialog>
  );
}

interface ApiFormProps {
  readonly typed: Typed;
  /** The version that a change is made from; null for a new API. */
  readonly etag: string | null;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

function ApiForm({ typed: first, etag, onClose, onDone }: ApiFormProps) {
  const isNew = etag === null;
  const form = useRevision(first, etag ?? '');
  const { typed } = form;
  const [isDeleting, setDeleting] = useState(false);
  const save = useMutation({
    mutationFn: () => saveApi(typed, isNew ? null : form.etag),
    onSuccess: () => {
      onDone();
      onClose();
    },
    onError: async (error) => {
      if (!(error instanceof Problem) || error.status !== 412) return;
      const latest = await readApi(typed.audience);
      form.rebase(typedOf(latest.body), latest.etag ?? '');
    },
  });
  const problem = save.error instanceof Problem && save.error.status !== 412 ? save.error : undefined;
  const refusal = refusalOf(problem, Object.keys(names), { resource_exists: 'audience' });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    form.forget();
    save.mutate();
  };
  if (isDeleting) return <DeleteApi audience={typed.audience} onClose={onClose} onDone={onDone} />;
  return (
    <Dialog title={isNew ? 'New API' : first.name} onClose={onClose}>
      <form onSubmit={submit} className="stack">
        <ApiFields form={form} refusal={refusal} isNew={isNew} />
        <Overtaken by={form.overtakenBy((member) => names[member])} />
        <Failed error={refusal.rest} />
        <div className="actions">
          {!isNew && (
            <ActButton scope="clients:write" look="ending" onAct={() => setDeleting(true)}>
              Delete …
            </ActButton>
          )}
          <button type="button" className="plain" onClick={onClose}>
            Cancel
          </button>
          <SendButton
            scope="clients:write"
            type="submit"
            missing={unchanged(form.changed.length)}
            busy={save.isPending}
          >
            {isNew ? 'Register' : 'Save'}
          </SendButton>
        </div>
      </form>
    </Dialog>
  );
}

interface ApiFieldsProps {
  readonly form: Pick<ReturnType<typeof useRevision<Typed>>, 'typed' | 'change'>;
  readonly refusal: Refusal;
  readonly isNew: boolean;
}

function ApiFields({ form: { typed, change }, refusal, isNew }: ApiFieldsProps) {
  const field = (member: Exclude<keyof Typed, 'token_format'>, hint?: string) => ({
    label: names[member],
    value: typed[member],
    onChange: (value: string) => change({ [member]: value }),
    problem: refusal.at(member),
    hint,
  });
  return (
    <>
      {isNew ? (
        <InputField
          {...field(
            'audience',
            'An absolute URI that names it, such as https://orders.example.com (RFC 8707)',
          )}
          isFirst
        />
      ) : (
        <p className="small quiet mono">{typed.audience}</p>
      )}
      <InputField {...field('name', 'People see it when they allow an application something')} />
      <InputField {...field('scopes', 'With spaces between, such as orders:read orders:write')} />
      <InputField {...field('default_scopes', 'Some of its scopes (RFC 6749 §3.3)')} />
      <SelectField
        label={names.token_format}
        value={typed.token_format}
        problem={refusal.at('token_format')}
        hint="Opaque tokens are dead everywhere the moment a session ends. JWTs need the feed of ends for that."
        onChange={(format) => change({ token_format: format as Typed['token_format'] })}
      >
        <option value="opaque">opaque</option>
        <option value="jwt">JWT (RFC 9068)</option>
      </SelectField>
    </>
  );
}

function saveApi({ audience, ...typed }: Typed, etag: string | null) {
  const body = {
    name: typed.name,
    scopes: wordsOf(typed.scopes),
    default_scopes: wordsOf(typed.default_scopes),
    token_format: typed.token_format,
  };
  return etag === null
    ? bodyOf(adminApi.POST('/v1/resources', { body: { audience, ...body } }))
    : bodyOf(
        adminApi.PATCH('/v1/resources/{audience}', {
          params: { path: { audience: inPath(audience) }, header: { 'If-Match': etag } },
          body,
        }),
      );
}

function DeleteApi({ audience, onClose, onDone }: ApiDialogProps & { readonly audience: string }) {
  return (
    <ConfirmDialog
      scope="clients:write"
      title="Delete this API"
      button="Delete for ever"
      isDanger
      act={() =>
        bodyOf(
          adminApi.DELETE('/v1/resources/{audience}', { params: { path: { audience: inPath(audience) } } }),
        )
      }
      onDone={onDone}
      onClose={onClose}
    >
      <p>
        <ApiName audience={audience} />
      </p>
      <p>No application may name it any more. Its gateway routes are deleted with it.</p>
    </ConfirmDialog>
  );
}
