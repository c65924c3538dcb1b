import { createHash } from 'node:crypto';
import type { PrismaService, Transaction } from '@curfew/persistence';
import type { Instant, RequestSignals } from '@curfew/session-policy';

/** A sign-in that succeeded, and where it came from. */
export interface SeenSignIn {
  /** The id of its event. */
  readonly id: string;
  readonly accountId: string;
  readonly signals: RequestSignals;
  /** The language of the page (RFC 5646), where it is known. */
  readonly language: string | null;
  readonly at: Instant;
}

/** A place is not written again within a day. */
const rewrittenAfterMs = 86_400_000;

/** How long a place is remembered after its last sign-in: as long as browsers keep a cookie. */
const placesKeptMs = 400 * 86_400_000;

/** A browser in a country or, where countries are not known, in a network. A new version of a browser is the same browser. */
const placeOf = ({ accountId, signals }: SeenSignIn): Buffer => {
  const { userAgentFamily, operatingSystem, country, prefix } = signals;
  const parts = [accountId, userAgentFamily ?? null, operatingSystem ?? null, country ?? prefix ?? null];
  return createHash('sha256').update(JSON.stringify(parts)).digest();
};

/**
 * Learns where people sign in, for accounts that can be written to, and in which language. The sign-ins from a place that is new to an account
 * that signed in elsewhere before.
 *
 * The language is that of a place that has been known for a day, or of the first one of all: a thief of the password who signs in from a new
 * place does not choose the words in which its owner is told of that. A thief who shares the country and names the browser and the system of
 * the owner is at a known place, and may (ADR 122).
 */
export async function learnPlaces(
  signIns: readonly SeenSignIn[],
  now: Instant,
  tx: Transaction,
): Promise<readonly SeenSignIn[]> {
  const byPlace = new Map(signIns.map((one) => [placeOf(one).toString('hex'), one]));
  const places = [...byPlace.keys()];
  const accounts = [...byPlace.values()].map(({ accountId }) => accountId);
  const languages = [...byPlace.values()].map(({ language }) => language ?? '');
  // The subquery sees the table as it was before: an account without places signs in for the first time.
  const rows = await tx.$queryRaw<{ place: string }[]>`
    WITH learnt AS (
      INSERT INTO known_place (account_id, place_hash, seen_at)
      SELECT n.account_id, decode(n.place, 'hex'), ${new Date(now)}
      FROM unnest(${accounts}::uuid[], ${places}::text[]) AS n(account_id, place)
      JOIN account_profile p ON p.account_id = n.account_id AND p.email_verified
      ON CONFLICT (account_id, place_hash) DO UPDATE SET seen_at = EXCLUDED.seen_at
        WHERE known_place.seen_at <= ${new Date(now - rewrittenAfterMs)}
      RETURNING account_id, place_hash, xmax = 0 AS is_new
    ), told AS (
      SELECT l.account_id, encode(l.place_hash, 'hex') AS place,
        l.is_new AND EXISTS (SELECT 1 FROM known_place k WHERE k.account_id = l.account_id) AS is_elsewhere
      FROM learnt l
    ), spoken AS (
      UPDATE account_profile p SET language = n.language
      FROM told t JOIN unnest(${places}::text[], ${languages}::text[]) AS n(place, language) ON n.place = t.place
      WHERE NOT t.is_elsewhere AND n.language <> '' AND p.account_id = t.account_id AND p.language IS DISTINCT FROM n.language
    )
    SELECT place FROM told WHERE is_elsewhere`;
  return rows.map(({ place }) => byPlace.get(place)!);
}

/** Deletes at most `limit` places that nobody signed in from for long, and says how many. */
export const prunePlaces = (prisma: PrismaService, now: Instant, limit: number): Promise<number> =>
  prisma.$executeRaw`
    DELETE FROM known_place WHERE (account_id, place_hash) IN (
      SELECT account_id, place_hash FROM known_place WHERE seen_at <= ${new Date(now - placesKeptMs)}
      LIMIT ${limit}::int FOR UPDATE SKIP LOCKED)`;
