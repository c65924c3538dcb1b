import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { Problem } from '../../admin-api/problem.js';
import { ActButton, SendButton, unchanged } from '../../elements/act-button.js';
import { ConfirmDialog } from '../../elements/confirm-dialog.js';
import { Dialog } from '../../elements/dialog.js';
import { type Refusal, refusalOf } from '../../elements/refusal.js';
import { Overtaken, useRevision } from '../../elements/revision.js';
import { Failed, Loading } from '../../elements/states.js';
import { ProviderFields } from './provider-fields.js';
import { names, nothing, type TypedProvider, typedOf, writtenOf } from './provider-members.js';
import { type Provider, readProvider } from './provider-queries.js';

interface ProviderDialogProps {
  /** The provider that is changed; null for a new one. */
  readonly id: string | null;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Lets people sign in with another identity provider, or changes and deletes one. */
export function ProviderDialog({ id, onClose, onDone }: ProviderDialogProps) {
  const found = useQuery({
    queryKey: ['identity providers', 'one', id],
    enabled: id !== null,
    gcTime: 0,
    queryFn: () => readProvider(id ?? ''),
  });
  if (id === null) return <ProviderForm of={null} etag={null} onClose={onClose} onDone={onDone} />;
  // The form stays as it was typed where the provider is read again.
  if (found.data && found.isFetchedAfterMount)
    return <ProviderForm of={found.data.body} etag={found.data.etag} onClose={onClose} onDone={onDone} />;
  return (
    <Dialog title={id} onClose={onClose}>
      {found.isError ? (
        <Failed error={found.error} onRetry={() => found.refetch()} />
      ) : (
        <Loading rows={3} label="Reading the identity provider" />
      )}
    </Dialog>
  );
}

interface ProviderFormProps {
  /** The provider as it was read; null for a new one. */
  readonly of: Provider | null;
  /** The version that a change is made from. */
  readonly etag: string | null;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

function ProviderForm({ of, etag, onClose, onDone }: ProviderFormProps) {
  const form = useRevision(of ? typedOf(of) : nothing, etag ?? '');
  const { typed } = form;
  const [isDeleting, setDeleting] = useState(false);
  const save = useMutation({
    mutationFn: () => saveProvider(typed, of === null ? null : form.etag),
    onSuccess: () => {
      onDone();
      onClose();
    },
    onError: async (error) => {
      if (!(error instanceof Problem) || error.status !== 412) return;
      const latest = await readProvider(typed.id);
      form.rebase(typedOf(latest.body), latest.etag ?? '');
    },
  });
  const problem = save.error instanceof Problem && save.error.status !== 412 ? save.error : undefined;
  const refusal: Refusal = refusalOf(problem, Object.keys(names), {
    identity_provider_exists: 'issuer',
    invalid_issuer: 'issuer',
    secret_missing: 'client_secret',
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    form.forget();
    save.mutate();
  };
  if (isDeleting) return <DeleteProvider typed={typed} etag={form.etag} onClose={onClose} onDone={onDone} />;
  return (
    <Dialog title={of?.name ?? 'New identity provider'} onClose={onClose}>
      <form onSubmit={submit} className="stack">
        <ProviderFields form={form} refusal={refusal} registered={of} />
        <Overtaken by={form.overtakenBy((member) => names[member])} />
        <Failed error={refusal.rest} />
        <div className="actions">
          {of && (
            <ActButton scope="accounts:write" look="ending" onAct={() => setDeleting(true)}>
              Delete …
            </ActButton>
          )}
          <button type="button" className="plain" onClick={onClose}>
            Cancel
          </button>
          <SendButton
            scope="accounts:write"
            type="submit"
            missing={unchanged(form.changed.length)}
            busy={save.isPending}
          >
            {of ? 'Save' : 'Add it'}
          </SendButton>
        </div>
      </form>
    </Dialog>
  );
}

function saveProvider(typed: TypedProvider, etag: string | null) {
  const { id, ...body } = writtenOf(typed);
  if (etag === null) return bodyOf(adminApi.POST('/v1/identity-providers', { body: { id, ...body } }));
  const { client_secret, ...settings } = body;
  return bodyOf(
    adminApi.PUT('/v1/identity-providers/{id}', {
      params: { path: { id }, header: { 'If-Match': etag } },
      body: client_secret === '' ? settings : body,
    }),
  );
}

interface DeleteProviderProps extends Pick<ProviderFormProps, 'onClose' | 'onDone'> {
  readonly typed: TypedProvider;
  readonly etag: string;
}

function DeleteProvider({ typed: { id, name }, etag, onClose, onDone }: DeleteProviderProps) {
  return (
    <ConfirmDialog
      scope="accounts:write"
      title={`Delete ${name}`}
      button="Delete for ever"
      isDanger
      act={() =>
        bodyOf(
          adminApi.DELETE('/v1/identity-providers/{id}', {
            params: { path: { id }, header: { 'If-Match': etag } },
          }),
        )
      }
      onDone={onDone}
      onClose={onClose}
    >
      <p>
        Nobody signs in with it any more. Sessions go on, and accounts stay linked, for when it comes back.
      </p>
    </ConfirmDialog>
  );
}
