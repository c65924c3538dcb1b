import type { PolicyService } from '@curfew/clients';
import { notFound } from '../contract/problems.js';
import type { PolicyReach } from '../sessions/search.js';

/** The targets a policy is attached to; throws 404 if there is no such policy. */
export async function policyReach(policies: PolicyService, name: string): Promise<PolicyReach> {
  const [revision, attachments] = await Promise.all([policies.find(name), policies.attachments()]);
  if (!revision) throw notFound('unknown_policy', 'There is no such policy.');
  const own = attachments.filter(({ policy }) => policy === name).map(({ target }) => target);
  return {
    everyone: own.some(({ kind }) => kind === 'everyone'),
    clients: own.flatMap((target) => (target.kind === 'client' ? [target.id] : [])),
    resources: own.flatMap((target) => (target.kind === 'resource' ? [target.audience] : [])),
  };
}
