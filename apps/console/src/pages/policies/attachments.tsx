import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { isOvertaken } from '../../admin-api/problem.js';
import { ActButton, SendButton } from '../../elements/act-button.js';
import { HasChanged } from '../../elements/confirm-dialog.js';
import { Dialog } from '../../elements/dialog.js';
import { SelectField } from '../../elements/filter-fields.js';
import { Failed, Loading } from '../../elements/states.js';
import { ApiField, ClientField } from '../../elements/subject-fields.js';
import { TargetName } from './policies-page.js';
import type { Policy, Target } from './policy-queries.js';
import { WouldEnd } from './would-end.js';

/** The targets of a policy; it can be attached to more, and detached. */
export function Attachments({ policy }: { readonly policy: Policy }) {
  const [isAttaching, setAttaching] = useState(false);
  const queries = useQueryClient();
  const detach = useMutation({
    mutationFn: (target: Target) =>
      bodyOf(adminApi.POST('/v1/policy-attachments/detach', { body: { target, before: policy.name } })),
    onSettled: () => queries.invalidateQueries({ queryKey: ['policies'] }),
  });
  return (
    <section className="card stack" aria-label="Applies to">
      <h2>Applies to</h2>
      {policy.attached_to.length === 0 && <p className="quiet">Nothing yet.</p>}
      <ul className="attachments">
        {policy.attached_to.map((target) => (
          <li key={JSON.stringify(target)}>
            <span>
              <TargetName of={target} />{' '}
              {target.kind !== 'everyone' && (
                <span className="small quiet">{target.kind === 'resource' ? 'API' : 'application'}</span>
              )}
            </span>
            <ActButton scope="policies:write" busy={detach.isPending} onAct={() => detach.mutate(target)}>
              Detach
            </ActButton>
          </li>
        ))}
      </ul>
      {detach.isError && <Failed error={detach.error} />}
      <ActButton scope="policies:write" onAct={() => setAttaching(true)}>
        Attach …
      </ActButton>
      {isAttaching && <Attach policy={policy} onClose={() => setAttaching(false)} />}
    </section>
  );
}

/** A target as it is chosen; undefined as long as it is not complete. */
function targetOf(kind: Target['kind'], id: string): Target | undefined {
  if (kind === 'everyone') return { kind };
  if (id === '') return undefined;
  return kind === 'client' ? { kind, client_id: id } : { kind, audience: id };
}

/** The question about an attachment that is about to be made, and the act itself, which names the state that the answer has. */
function useAttachment(policy: Policy, target: Target | undefined, onDone: () => void) {
  const queries = useQueryClient();
  const wanted = target ?? { kind: 'everyone' as const };
  const preview = useQuery({
    queryKey: ['policy preview', policy.name, target],
    enabled: target !== undefined,
    gcTime: 0,
    queryFn: () =>
      bodyOf(adminApi.POST('/v1/policies/preview', { body: { name: policy.name, attach_to: wanted } })),
  });
  const attach = useMutation({
    mutationFn: (before: string | null) =>
      bodyOf(
        adminApi.PUT('/v1/policy-attachments', { body: { target: wanted, policy: policy.name, before } }),
      ),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ['policies'] });
      onDone();
    },
    onError: (error) => (isOvertaken(error) ? preview.refetch() : undefined),
  });
  return { preview, attach, hasChanged: isOvertaken(attach.error) };
}

/** Attaches a policy; first it says how many living sessions that would end. */
function Attach({ policy, onClose }: { readonly policy: Policy; readonly onClose: () => void }) {
  const [kind, setKind] = useState<Target['kind']>('everyone');
  const [id, setId] = useState('');
  const target = targetOf(kind, id);
  const { preview, attach, hasChanged } = useAttachment(policy, target, onClose);
  return (
    <Dialog title={`Attach ${policy.name}`} onClose={onClose}>
      <TargetField
        kind={kind}
        id={id}
        onChange={(nextKind, nextId) => {
          attach.reset();
          setKind(nextKind);
          setId(nextId);
        }}
      />
      {preview.isLoading && <Loading rows={1} label="Counting" />}
      {preview.isError && <Failed error={preview.error} onRetry={() => preview.refetch()} />}
      {preview.data && <AttachedNow policy={policy.name} attached={preview.data.attached} />}
      {preview.data && <WouldEnd preview={preview.data} />}
      {hasChanged && <HasChanged what={['the policy that is attached there']} />}
      {attach.isError && !hasChanged && <Failed error={attach.error} />}
      <div className="actions">
        <button type="button" className="plain" onClick={onClose}>
          Cancel
        </button>
        <SendButton
          scope="policies:write"
          missing={whyOff(target, preview.data, policy.name)}
          busy={attach.isPending || preview.isFetching}
          onPress={() => attach.mutate(preview.data?.attached ?? null)}
        >
          Attach
        </SendButton>
      </div>
    </Dialog>
  );
}

/** Why a policy cannot be attached yet, in words. */
function whyOff(
  target: Target | undefined,
  preview: { readonly attached: string | null } | undefined,
  policy: string,
): string | undefined {
  if (!target) return 'Choose where it applies first.';
  if (!preview) return 'The sessions that would end are not counted yet.';
  return preview.attached === policy ? 'It is attached there already.' : undefined;
}

interface AttachedNowProps {
  readonly policy: string;
  readonly attached: string | null;
}

/** The state that an attachment is made from. */
function AttachedNow({ policy, attached }: AttachedNowProps) {
  if (attached === null) return <p>Attached there now: no policy.</p>;
  return (
    <p>
      Attached there now: <span className="strong">{attached}</span>
      {attached === policy ? '.' : `, whose place ${policy} takes.`}
    </p>
  );
}

interface TargetFieldProps {
  readonly kind: Target['kind'];
  readonly id: string;
  readonly onChange: (kind: Target['kind'], id: string) => void;
}

/** A choice among everyone, an application and an API. */
function TargetField({ kind, id, onChange }: TargetFieldProps) {
  return (
    <>
      <SelectField label="To" value={kind} onChange={(chosen) => onChange(chosen as Target['kind'], '')}>
        <option value="everyone">everyone</option>
        <option value="client">an application</option>
        <option value="resource">an API</option>
      </SelectField>
      {kind === 'client' && (
        <ClientField
          client={id}
          placeholder="choose one"
          onChange={(chosen) => onChange(kind, chosen ?? '')}
        />
      )}
      {kind === 'resource' && (
        <ApiField api={id} placeholder="choose one" onChange={(chosen) => onChange(kind, chosen ?? '')} />
      )}
    </>
  );
}
