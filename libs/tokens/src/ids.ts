import type { Instant } from '@curfew/session-policy';
import { randomBytes } from './random.js';

/** A UUIDv7 (RFC 9562 §5.7): sorts by time of creation, so that keys of one time share pages and partitions. */
export function newId(now: Instant): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now, 0, 6);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return formatUuid(bytes);
}

/** The least id that `newId` can have made at `at`, so that a range of time can be found among ids. */
export function leastIdAt(at: Instant): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(Math.max(0, at), 0, 6);
  bytes[6] = 0x70;
  bytes[8] = 0x80;
  return formatUuid(bytes);
}

/** Sixteen bytes as a UUID's text. */
export function formatUuid(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** A UUID's text as sixteen bytes; throws on anything else. */
export function parseUuid(id: string): Buffer {
  const bytes = Buffer.from(id.replaceAll('-', ''), 'hex');
  if (bytes.length !== 16 || id.length !== 36) throw new TypeError('not a UUID');
  return bytes;
}

/** Whether a text is a UUID, so that PostgreSQL need not be asked to find out. */
export const isUuid = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
