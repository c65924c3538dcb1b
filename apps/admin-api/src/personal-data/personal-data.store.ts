import { upstreamDeviceKind } from '@curfew/artifacts';
import { PrismaService, type Transaction } from '@curfew/persistence';
import { Injectable } from '@nestjs/common';

type Row = Readonly<Record<string, unknown>>;

/** The kinds of rows beside the account itself, as they are named in the export. */
type RecordName = 'passkeys' | 'identities' | 'consents' | 'sessions' | 'browsers' | 'remembered_browsers';

/** The rows about one person, without secrets. */
@Injectable()
export class PersonalDataStore {
  constructor(private readonly prisma: PrismaService) {}

  /** The account itself; null where it is gone or never was. */
  async account(id: string): Promise<Row | null> {
    const [row] = await this.prisma.$queryRaw<Row[]>`
      SELECT a.id::text, a.username, p.display_name, p.email, p.email_verified, p.groups, p.external_id, p.language, a.created_at, a.updated_at, a.password_changed_at,
        a.must_change_password, a.disabled_at, a.second_factors, a.second_step_always
      FROM account a LEFT JOIN account_profile p ON p.account_id = a.id WHERE a.id = ${id}::uuid`;
    return row ?? null;
  }

  /** Whether anything at all is kept of an account that may be gone. */
  async isKnown(id: string): Promise<boolean> {
    const [row] = await this.prisma.$queryRaw<{ known: boolean }[]>`
      SELECT EXISTS (SELECT 1 FROM account WHERE id = ${id}::uuid) OR EXISTS (SELECT 1 FROM event WHERE account_id = ${id}::uuid)
        OR EXISTS (SELECT 1 FROM session WHERE account_id = ${id}::uuid) AS known`;
    return row!.known;
  }

  /** Its passkeys, links and consents, the places where it is or was signed in, and its sessions. */
  async records(id: string): Promise<Readonly<Record<RecordName, Row[]>>> {
    const [passkeys, identities, consents, sessions, browsers, remembered_browsers] = await Promise.all([
      this.prisma.$queryRaw<Row[]>`
        SELECT name, created_at, last_used_at, backed_up FROM passkey WHERE account_id = ${id}::uuid ORDER BY created_at`,
      this.prisma.$queryRaw<Row[]>`
        SELECT issuer, subject, created_at, last_used_at, NULL::timestamptz AS removed_at FROM linked_identity WHERE account_id = ${id}::uuid
        UNION ALL SELECT issuer, subject, NULL, NULL, removed_at FROM removed_identity WHERE account_id = ${id}::uuid
        ORDER BY created_at, removed_at`,
      this.prisma.$queryRaw<
        Row[]
      >`SELECT client_id, granted, granted_at FROM consent WHERE account_id = ${id}::uuid ORDER BY client_id`,
      this.prisma.$queryRaw<Row[]>`
        SELECT id::text, client_id, browser_session_uid, offline, resources, "authorization" ->> 'scope' AS scope, baseline AS signals, signed_in_at, started_at,
          last_active_at, expires_at, absolute_deadline, ended_at, end_reason, end_detail
        FROM session WHERE account_id = ${id}::uuid ORDER BY id DESC LIMIT 10000`,
      this.prisma.$queryRaw<Row[]>`
        SELECT uid, signed_in_at, last_active_at, baseline AS signals, ended_at, end_reason, end_detail
        FROM browser_session WHERE account_id = ${id}::uuid ORDER BY uid LIMIT 10000`,
      this.prisma.$queryRaw<Row[]>`
        SELECT browser, system, created_at, expires_at FROM remembered_browser WHERE account_id = ${id}::uuid ORDER BY created_at`,
    ]);
    return { passkeys, identities, consents, sessions, browsers, remembered_browsers };
  }

  /** Takes circumstances and notes out of sessions and sign-ins; says how many rows changed. */
  async scrub(id: string, tx: Transaction): Promise<number> {
    const [row] = await tx.$queryRaw<{ changed: number }[]>`
      WITH sessions AS (
        UPDATE session SET baseline = (SELECT coalesce(jsonb_object_agg(key, NULL), '{}'::jsonb) FROM jsonb_each(baseline)),
          end_detail = curfew_without_person(end_detail, ${id}::uuid)
        WHERE account_id = ${id}::uuid AND (EXISTS (SELECT 1 FROM jsonb_each(baseline) WHERE value <> 'null'::jsonb)
          OR end_detail <> curfew_without_person(end_detail, ${id}::uuid)) RETURNING 1
      ), browsers AS (
        UPDATE browser_session SET baseline = NULL, upstream = NULL, end_detail = curfew_without_person(end_detail, ${id}::uuid)
        WHERE account_id = ${id}::uuid AND (baseline IS NOT NULL OR upstream IS NOT NULL OR end_detail <> curfew_without_person(end_detail, ${id}::uuid)) RETURNING 1
      ), devices AS (
        DELETE FROM protocol_artifact WHERE kind = ${upstreamDeviceKind}
          AND uid IN (SELECT s.id::text FROM session s WHERE s.account_id = ${id}::uuid) RETURNING 1
      ) SELECT ((SELECT count(*) FROM sessions) + (SELECT count(*) FROM browsers))::int AS changed`;
    return row!.changed;
  }
}
