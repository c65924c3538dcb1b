import { addressInPath } from '@curfew/clients/client-documents';
import { type Instant, instant } from '@curfew/session-policy';
import { canonicalAddress } from '@curfew/signals';
import { z } from 'zod';

/** An instant as it is written on the wire (RFC 3339, UTC, milliseconds). */
export const timestamp = z.iso.datetime().meta({ description: 'RFC 3339, UTC.' });

/** Writes an instant for the wire. */
export const written = (at: Instant): string => new Date(at).toISOString();

/** Writes an instant that may be absent. */
export const writtenOrNull = (at: Instant | null | undefined): string | null =>
  at === null || at === undefined ? null : written(at);

/** An instant as callers may send it, with any offset; the value is an Instant. */
export const instantParameter = z.iso
  .datetime({ offset: true, error: 'must be a date and time of RFC 3339, such as 2027-01-31T12:00:00Z' })
  .max(40, { error: 'must be a date and time of RFC 3339' })
  .transform((text) => instant(Date.parse(text)));

/** `true` or `false` in a query. */
export const flagParameter = z
  .enum(['true', 'false'], { error: 'must be true or false' })
  .transform((text) => text === 'true');

/** How many entries a page has at most. */
export const limitParameter = (preset = 50, most = 200) =>
  z.coerce
    .number({ error: `must be a whole number between 1 and ${most}` })
    .int({ error: 'must be a whole number' })
    .min(1, { error: 'must be at least 1' })
    .max(most, { error: `must be at most ${most}` })
    .default(preset)
    .meta({ description: 'Most entries of the page.' });

/** A position handed out by an earlier page; authenticated, so that only what was handed out is accepted. */
export const cursorParameter = z
  .string()
  .min(1, { error: 'must be a cursor of an earlier answer' })
  .max(1_024, { error: 'must be a cursor of an earlier answer' })
  .optional()
  .meta({ description: 'The `next_cursor` of the page before.' });

/** A page of things. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({
    items: z.array(item),
    next_cursor: z.string().nullable().meta({ description: 'The start of the next page; null at the end.' }),
  });

/** The id of a session or an account. */
export const uuid = z
  .string()
  .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, { error: 'must be a UUID in lower case' })
  .meta({ format: 'uuid' });

/** The id of a client that is registered here. */
export const registeredId = z
  .string()
  .regex(/^[A-Za-z0-9._~-]{1,64}$/, { error: 'must be the id of a client' })
  .meta({ description: 'Id of a client.' });

/** The id of a client; it is an address where a document introduced the client. */
export const clientId = z
  .string()
  .max(255)
  .regex(/^(?:[A-Za-z0-9._~-]{1,64}|https:\/\/[\x21-\x7e]+)$/, { error: 'must be the id of a client' })
  .meta({ description: 'Id of a client; an address, percent-encoded, for one that a document introduced.' });

/** The address that a path may name behind `~`. An id that is registered may look the same, and is then the one that is meant. */
export const clientAddressInPath = (named: string): string | undefined => {
  const address = addressInPath(named);
  return clientId.safeParse(address).success ? address : undefined;
};

/** The name of a client in a path; `idOfClient` finds the client. */
export const clientInPath = z
  .string()
  .max(400)
  .regex(/^(?:[A-Za-z0-9._~-]+|https:\/\/[\x21-\x7e]+)$/, { error: 'must be the id of a client' })
  .refine((named) => clientId.safeParse(clientAddressInPath(named) ?? named).success, {
    error: 'must be the id of a client',
  })
  .meta({
    description:
      'Id of a client; for one that a document introduced an address, percent-encoded, or in base64url behind `~`, where a gateway stands before: it refuses the `//` of an address in a path.',
  });

/** A free text for people, as it is stored beside what they did. */
export const note = z
  .string()
  .trim()
  .max(500, { error: 'must have at most 500 characters' })
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, { error: 'must have no control characters' })
  .meta({ description: 'Why; for those who read the history later.' });

const network = /^(.+)\/(\d{1,3})$/;

/** An address or a network in its canonical form, or null. */
function canonicalNetwork(text: string): string | null {
  const match = network.exec(text);
  const address = canonicalAddress(match ? match[1] : text);
  if (address === null || !match) return address;
  const bits = Number(match[2]);
  return bits <= (address.includes(':') ? 128 : 32) ? `${address}/${bits}` : null;
}

/** An address, or a network in CIDR notation, in its canonical form. */
export const networkParameter = z
  .string()
  .max(80, { error: 'must be an address or a network such as 192.0.2.0/24' })
  .transform((text, context) => {
    const canonical = canonicalNetwork(text);
    if (canonical !== null) return canonical;
    context.addIssue({ code: 'custom', message: 'must be an address or a network such as 192.0.2.0/24' });
    return z.NEVER;
  });
