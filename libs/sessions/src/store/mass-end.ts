import { insertEvents, type NewEvent } from '@curfew/events';
import type { Transaction } from '@curfew/persistence';
import { isUuid, newId } from '@curfew/tokens';
import { atDate as at } from './session-columns.js';
import type { End, MassEnd } from './session-store.js';

/** A mass end ends so many sessions one by one in its own commit; the sweeper ends the others. */
const maxAtOnce = 1000;

/** Writes the entry that ends them all, with its event. The ends of the first sessions that it covers, which are still to be carried out. */
export async function writeMassEnd(transaction: Transaction, massEnd: MassEnd): Promise<readonly End[]> {
  const { kind, target, reason, detail } = massEnd;
  // The entry is compared as text with the ids of rows, so another spelling of an id would end nothing.
  if (kind === 'account' && !isUuid(target))
    throw new RangeError('An account is ended by its id in lower case.');
  await transaction.$executeRaw`
    WITH entry AS (
      INSERT INTO not_before (kind, target, at, reason, detail)
      VALUES (${kind}, ${target}, ${at(massEnd.at)}, ${reason}, ${JSON.stringify(detail)}::jsonb)
      ON CONFLICT (kind, target) DO UPDATE SET at = GREATEST(not_before.at, excluded.at), settled_at = NULL,
        reason = CASE WHEN excluded.at >= not_before.at THEN excluded.reason ELSE not_before.reason END,
        detail = CASE WHEN excluded.at >= not_before.at THEN excluded.detail ELSE not_before.detail END
    )
    ${insertEvents([togetherEvent(massEnd)])}`;
  if (kind === 'everyone') return [];
  const account = kind === 'account' ? target : null;
  const client = kind === 'client' ? target : null;
  const first = await transaction.$queryRaw<{ id: string }[]>`
    SELECT id::text AS id FROM session
    WHERE ended_at IS NULL AND signed_in_at <= ${at(massEnd.at)}
      AND (${account}::uuid IS NULL OR account_id = ${account}::uuid) AND (${client}::text IS NULL OR client_id = ${client})
    ORDER BY id LIMIT ${maxAtOnce}`;
  return first.map(({ id }) => ({ id, reason, at: massEnd.at, detail }));
}

/** The one event of a mass end. */
export const togetherEvent = ({ kind, target, reason, at: moment, detail }: MassEnd): NewEvent => ({
  id: newId(moment),
  at: moment,
  type: 'sessions.ended_together',
  sessionId: null,
  accountId: kind === 'account' ? target : null,
  clientId: kind === 'client' ? target : null,
  data: {
    kind,
    reason,
    notBefore: moment,
    ...(detail.by && { by: detail.by }),
    ...(detail.note !== undefined && { note: detail.note }),
  },
});
