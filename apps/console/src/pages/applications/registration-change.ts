import { useMutation, useQueryClient } from '@tanstack/react-query';
import { adminApi, answerOf, bodyOf } from '../../admin-api/client.js';
import { clientInPath } from '../../admin-api/in-path.js';
import { Problem } from '../../admin-api/problem.js';
import { refusalOf } from '../../elements/refusal.js';
import { useRevision } from '../../elements/revision.js';
import type { ApplicationDetails } from './application-queries.js';

/** A form about some members of a registration. */
interface ChangeParts<T extends object> {
  readonly application: ApplicationDetails;
  /** The version that the change is made from. */
  readonly etag: string;
  /** The members as they are typed. */
  readonly typedOf: (application: ApplicationDetails) => T;
  /** The members as they are sent. */
  readonly sentOf: (typed: T) => Readonly<Record<keyof T, unknown>>;
  readonly onDone: () => void;
}

const readApplication = (id: string) =>
  answerOf(adminApi.GET('/v1/clients/{id}', { params: { path: { id: clientInPath(id) } } }));

/**
 * Changes members of a registration. Only those that were changed are sent, so that nothing else is replaced. If somebody else has saved
 * meanwhile, the form goes on from their version, and nothing that was typed is lost.
 */
export function useRegistrationChange<T extends object>(parts: ChangeParts<T>) {
  const { application, etag, typedOf, sentOf, onDone } = parts;
  const id = application.client_id;
  const form = useRevision(typedOf(application), etag);
  const queries = useQueryClient();
  const save = useMutation({
    mutationFn: () => {
      const whole = sentOf(form.typed);
      return bodyOf(
        adminApi.PATCH('/v1/clients/{id}', {
          params: { path: { id: clientInPath(id) }, header: { 'If-Match': form.etag } },
          body: Object.fromEntries(form.changed.map((member) => [member, whole[member]])),
        }),
      );
    },
    onSuccess: async ({ client_secret: secret }) => {
      await queries.invalidateQueries({ queryKey: ['clients'] });
      if (!secret) onDone();
    },
    onError: async (error) => {
      if (!(error instanceof Problem) || error.status !== 412) return;
      const latest = await readApplication(id);
      form.rebase(typedOf(latest.body), latest.etag ?? '');
    },
  });
  const problem = save.error instanceof Problem && save.error.status !== 412 ? save.error : undefined;
  return {
    form,
    refusal: refusalOf(problem, Object.keys(form.typed), { unknown_resource: 'resources' }),
    secret: save.data?.client_secret,
    isSaving: save.isPending,
    save() {
      form.forget();
      save.mutate();
    },
  };
}
