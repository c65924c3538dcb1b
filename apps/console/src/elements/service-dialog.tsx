import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useState } from 'react';
import type { Scope } from '../admin-api/caller.js';
import { Problem } from '../admin-api/problem.js';
import { ActButton, SendButton, unchanged } from './act-button.js';
import { ConfirmDialog } from './confirm-dialog.js';
import { Dialog } from './dialog.js';
import { CheckField } from './input-field.js';
import { type Refusal, refusalOf } from './refusal.js';
import { Overtaken, useRevision, useSeen } from './revision.js';
import { Failed, Loading } from './states.js';

/** The members of a form that are texts. */
type TextOf<Typed> = {
  readonly [Name in keyof Typed]: Typed[Name] extends string ? Name : never;
}[keyof Typed] &
  string;

/** The parts of a form from which its fields are made. */
export interface ServiceFieldsProps<Typed, Kept> {
  readonly form: { readonly typed: Typed; change(more: Partial<Typed>): void };
  readonly refusal: Refusal;
  /** The service as it was read; null for a new one. */
  readonly registered: Kept | null;
  /** The properties of the field of one text. */
  readonly field: (
    member: TextOf<Typed>,
    hint?: string,
  ) => {
    readonly label: string;
    readonly value: string;
    readonly onChange: (value: string) => void;
    readonly problem: string | undefined;
    readonly hint: string | undefined;
  };
}

interface ChoiceFieldsProps<Choice extends string> {
  readonly names: Readonly<Record<NoInfer<Choice>, string>>;
  /** The effect of each choice, in a few words. */
  readonly about: Readonly<Record<Choice, string>>;
  readonly form: {
    readonly typed: Readonly<Record<NoInfer<Choice>, boolean>>;
    change(more: Partial<Record<NoInfer<Choice>, boolean>>): void;
  };
}

/** The choices of a form between yes and no, in the order of the words about them. */
export const ChoiceFields = <Choice extends string>({ names, about, form }: ChoiceFieldsProps<Choice>) =>
  (Object.keys(about) as Choice[]).map((member) => (
    <CheckField
      key={member}
      label={names[member]}
      about={about[member]}
      checked={form.typed[member]}
      onChange={(isOn) => form.change({ [member]: isOn } as Partial<Record<Choice, boolean>>)}
    />
  ));

/** One kind of other service, as its form and its deletion differ from those of another kind. */
export interface ServiceKind<Typed extends { readonly id: string }, Kept> {
  /** The first part of the keys of its queries. */
  readonly key: string;
  readonly called: string;
  /** The scopes that each of its acts needs. */
  readonly scope: readonly Scope[];
  /** The titles of the members. */
  readonly names: Readonly<Record<keyof Typed & string, string>>;
  readonly nothing: Typed;
  readonly typedOf: (kept: Kept) => Typed;
  readonly titleOf: (kept: Kept) => string;
  readonly read: (id: string) => Promise<{ readonly body: Kept; readonly etag: string | null }>;
  /** Adds one; with an entity tag it replaces that version. */
  readonly save: (typed: Typed, etag: string | null) => Promise<unknown>;
  readonly remove: (id: string, etag: string) => Promise<unknown>;
  /** The effect of a deletion. */
  readonly removed: string;
  /** The fields at which refusals without a place are shown, by their codes. */
  readonly codes: Readonly<Record<string, keyof Typed & string>>;
  readonly Fields: (props: ServiceFieldsProps<Typed, Kept>) => ReactNode;
}

interface ServiceDialogProps<Typed extends { readonly id: string }, Kept> {
  readonly kind: ServiceKind<Typed, Kept>;
  /** The service that is changed; null for a new one. */
  readonly id: string | null;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Adds another service that this one asks or hears, or changes and deletes one. */
export function ServiceDialog<Typed extends { readonly id: string }, Kept>(
  props: ServiceDialogProps<Typed, Kept>,
) {
  const { kind, id, onClose } = props;
  const found = useQuery({
    queryKey: [kind.key, 'one', id],
    enabled: id !== null,
    gcTime: 0,
    queryFn: () => kind.read(id ?? ''),
  });
  if (id === null) return <ServiceForm {...props} of={null} etag={null} />;
  // The form stays as it was typed where the service is read again.
  if (found.data && found.isFetchedAfterMount)
    return <ServiceForm {...props} of={found.data.body} etag={found.data.etag} />;
  return (
    <Dialog title={id} onClose={onClose}>
      {found.isError ? (
        <Failed error={found.error} onRetry={() => found.refetch()} />
      ) : (
        <Loading rows={3} label={`Reading the ${kind.called}`} />
      )}
    </Dialog>
  );
}

interface ServiceFormProps<Typed extends { readonly id: string }, Kept>
  extends Omit<ServiceDialogProps<Typed, Kept>, 'id'> {
  /** The service as it was read; null for a new one. */
  readonly of: Kept | null;
  /** The version that a change is made from. */
  readonly etag: string | null;
}

/** The state of a form of a service, and the way to save it. */
function useServiceForm<Typed extends { readonly id: string }, Kept>(props: ServiceFormProps<Typed, Kept>) {
  const { kind, of, etag, onClose, onDone } = props;
  const form = useRevision(of === null ? kind.nothing : kind.typedOf(of), etag ?? '');
  const { typed } = form;
  const save = useMutation({
    mutationFn: () => kind.save(typed, of === null ? null : form.etag),
    onSuccess: () => {
      onDone();
      onClose();
    },
    onError: async (error) => {
      if (!(error instanceof Problem) || error.status !== 412) return;
      const latest = await kind.read(typed.id);
      form.rebase(kind.typedOf(latest.body), latest.etag ?? '');
    },
  });
  const problem = save.error instanceof Problem && save.error.status !== 412 ? save.error : undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    form.forget();
    save.mutate();
  };
  return { form, save, submit, refusal: refusalOf(problem, Object.keys(kind.names), kind.codes) };
}

function ServiceForm<Typed extends { readonly id: string }, Kept>(props: ServiceFormProps<Typed, Kept>) {
  const { kind, of, onClose } = props;
  const { names, scope, Fields } = kind;
  const { form, save, submit, refusal } = useServiceForm(props);
  const { typed } = form;
  const [isDeleting, setDeleting] = useState(false);
  const field = (member: TextOf<Typed>, hint?: string) => ({
    label: names[member],
    value: String(typed[member]),
    onChange: (value: string) => form.change({ [member]: value } as unknown as Partial<Typed>),
    problem: refusal.at(member),
    hint,
  });
  if (isDeleting && of !== null) return <DeleteService {...props} of={of} etag={form.etag} id={typed.id} />;
  return (
    <Dialog title={of === null ? `New ${kind.called}` : kind.titleOf(of)} onClose={onClose}>
      <form onSubmit={submit} className="stack">
        <Fields form={form} refusal={refusal} registered={of} field={field} />
        <Overtaken by={form.overtakenBy((member) => names[member as keyof Typed & string])} />
        <Failed error={refusal.rest} />
        <div className="actions">
          {of !== null && (
            <ActButton scope={scope} look="ending" onAct={() => setDeleting(true)}>
              Delete …
            </ActButton>
          )}
          <button type="button" className="plain" onClick={onClose}>
            Cancel
          </button>
          <SendButton
            scope={scope}
            type="submit"
            missing={unchanged(form.changed.length)}
            busy={save.isPending}
          >
            {of === null ? 'Add it' : 'Save'}
          </SendButton>
        </div>
      </form>
    </Dialog>
  );
}

/** A service as somebody saw it, with the members of its form. */
interface SeenService<Kept> {
  readonly [member: string]: unknown;
  readonly kept: Kept;
  readonly etag: string;
}
const seenAs = <Kept,>(typed: object, kept: Kept, etag: string): SeenService<Kept> => ({
  ...typed,
  kept,
  etag,
});

interface DeleteServiceProps<Typed extends { readonly id: string }, Kept>
  extends Pick<ServiceDialogProps<Typed, Kept>, 'kind' | 'onClose' | 'onDone'> {
  readonly of: Kept;
  readonly id: string;
  readonly etag: string;
}

function DeleteService<Typed extends { readonly id: string }, Kept>(props: DeleteServiceProps<Typed, Kept>) {
  const { kind, of, id, etag, onClose, onDone } = props;
  const seen = useSeen({
    record: seenAs(kind.typedOf(of), of, etag),
    titles: kind.names,
    readAgain: async () => {
      const { body: kept, etag: latest } = await kind.read(id);
      return seenAs(kind.typedOf(kept), kept, latest ?? '');
    },
  });
  return (
    <ConfirmDialog
      scope={kind.scope}
      title={`Delete ${kind.titleOf(seen.record.kept)}`}
      button="Delete for ever"
      isDanger
      act={() => kind.remove(id, seen.etag)}
      onOvertaken={seen.lookAgain}
      onDone={onDone}
      onClose={onClose}
    >
      <p>{kind.removed}</p>
    </ConfirmDialog>
  );
}
