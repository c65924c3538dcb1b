import { createHash } from 'node:crypto';
import type { NewEvent } from '@curfew/events';
import type { Actor, EventData, Instant } from '@curfew/session-policy';
import type { SigningAlgorithm } from './signing-key.js';

/** A step in the life of a key. */
export type KeyStep = EventData['key.rotated']['step'];

/** The actor of steps that the schedule takes by itself. */
export const bySchedule: Actor = { kind: 'system', id: null, ip: null };

/**
 * The event of a step. Steps that come by the clock are noticed by every node, so the id depends on nothing but the step: the first node
 * that writes it has written it for all.
 */
export function keyEvent(
  key: { readonly kid: string; readonly alg: SigningAlgorithm },
  step: KeyStep,
  at: Instant,
  by: Actor = bySchedule,
): NewEvent {
  const data: EventData['key.rotated'] = { kid: key.kid, alg: key.alg, step, by };
  const subjects = { sessionId: null, accountId: null, clientId: null };
  return { id: stepId(key.kid, step, at), at, type: 'key.rotated', ...subjects, data: { ...data } };
}

/** A UUIDv7 (RFC 9562 §5.7) whose random part is a hash of the step. */
function stepId(kid: string, step: KeyStep, at: Instant): string {
  const bytes = createHash('sha256').update(`${kid}\0${step}`).digest().subarray(0, 16);
  bytes.writeUIntBE(at, 0, 6);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
