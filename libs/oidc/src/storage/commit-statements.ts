import { eventRows } from '@curfew/events';
import type { HotStatement } from '@curfew/persistence';
import { hashOfId, type PayloadSeal } from './payload-seal.js';
import type { StagedArtifact, StagedWrites } from './staged-writes.js';

/** Milliseconds as the driver writes them quickest. */
const at = (parameter: string): string => `to_timestamp(${parameter}::float8 / 1000)`;

/** One artifact and nothing else: what most requests write. */
export const saveStatement: HotStatement = {
  name: 'artifact_save',
  text: `
    INSERT INTO protocol_artifact (kind, id_hash, payload, grant_id, user_code_hash, expires_at)
    VALUES ($1, $2, $3, $4, $5, ${at('$6')})
    ON CONFLICT (kind, id_hash) DO UPDATE SET payload = excluded.payload, grant_id = excluded.grant_id,
      user_code_hash = excluded.user_code_hash, expires_at = excluded.expires_at
    WHERE protocol_artifact.consumed_at IS NULL`,
};

/**
 * All that a request wrote, or nothing of it: where it ended or answered an interaction, that one must still have been there, so of two
 * that do so at once one leads on. A consumed artifact stays as it is: nothing that was used once comes back. A session gets a new id at
 * every sign-in (fixation); its row is the person's, so it follows by uid. Each step waits for the one before it: the order of the locks is
 * interaction, other artifacts, browser session.
 */
export const commitStatement: HotStatement = {
  name: 'protocol_commit',
  text: `
    WITH ended AS (
      DELETE FROM protocol_artifact WHERE kind = 'Interaction' AND id_hash = $1::bytea AND consumed_at IS NULL RETURNING 1
    ), answered AS (
      UPDATE protocol_artifact SET payload = $3::bytea, grant_id = $4::text, expires_at = ${at('$5')}
      WHERE kind = 'Interaction' AND id_hash = $2::bytea AND consumed_at IS NULL RETURNING 1
    ), held AS (
      SELECT ($1::bytea IS NULL OR EXISTS (SELECT 1 FROM ended)) AND ($2::bytea IS NULL OR EXISTS (SELECT 1 FROM answered))
        AND NOT EXISTS (SELECT 1 FROM not_before WHERE at >= ${at('$23')} AND (kind, target) IN (('account', $22::text), ('everyone', '')))
        AS ok
    ), removed AS (
      DELETE FROM protocol_artifact a USING unnest($6::text[], $7::bytea[]) AS r(kind, id_hash)
      WHERE a.kind = r.kind AND a.id_hash = r.id_hash AND (SELECT ok FROM held) RETURNING 1
    ), saved AS (
      INSERT INTO protocol_artifact AS a (kind, id_hash, payload, grant_id, user_code_hash, expires_at)
      SELECT kind, id_hash, payload, grant_id, user_code_hash, ${at('expires_at')}
      FROM unnest($8::text[], $9::bytea[], $10::bytea[], $11::text[], $12::bytea[], $13::float8[])
        AS s(kind, id_hash, payload, grant_id, user_code_hash, expires_at)
      WHERE (SELECT ok FROM held) AND (SELECT count(*) FROM removed) >= 0
      ON CONFLICT (kind, id_hash) DO UPDATE SET payload = excluded.payload, grant_id = excluded.grant_id,
        user_code_hash = excluded.user_code_hash, expires_at = excluded.expires_at
      WHERE a.consumed_at IS NULL RETURNING 1
    ), locked AS (
      SELECT ok AND (SELECT count(*) FROM saved) >= 0 AS ok FROM held
    ), moved AS (
      UPDATE browser_session SET id_hash = $14::bytea, account_id = $16::uuid, payload = $17::bytea, signed_in_at = ${at('$18')},
        expires_at = ${at('$19')}
      WHERE uid = $15::text AND $20::bool AND (SELECT ok FROM locked) RETURNING 1
    ), begun AS (
      INSERT INTO browser_session (id_hash, uid, account_id, payload, signed_in_at, expires_at)
      SELECT $14::bytea, $15::text, $16::uuid, $17::bytea, ${at('$18')}, ${at('$19')} FROM locked
      WHERE ok AND $14::bytea IS NOT NULL AND NOT $20::bool
      ON CONFLICT (uid) DO UPDATE SET id_hash = excluded.id_hash, account_id = excluded.account_id, payload = excluded.payload,
        signed_in_at = excluded.signed_in_at, expires_at = excluded.expires_at
      RETURNING 1
    ), told AS (
      INSERT INTO event (id, at, type, session_id, account_id, client_id, data)
      SELECT id, at, type, session_id, account_id, client_id, data
      FROM jsonb_to_recordset($21::jsonb)
        AS e(id uuid, at timestamptz, type text, session_id uuid, account_id uuid, client_id text, data jsonb)
      WHERE EXISTS (SELECT 1 FROM moved) OR EXISTS (SELECT 1 FROM begun)
      ON CONFLICT (id) DO NOTHING
    )
    SELECT ok FROM held`,
};

/** The one artifact of writes that are nothing else. */
export function onlyArtifact(writes: StagedWrites): StagedArtifact | undefined {
  const { saved, removed, endedInteraction, answeredInteraction, browserSession } = writes;
  const isAlone = saved.length === 1 && removed.length === 0 && !browserSession && !writes.proof;
  return isAlone && !endedInteraction && !answeredInteraction ? saved[0] : undefined;
}

/** The values of `saveStatement`. */
export function saveValues(artifact: StagedArtifact, seal: PayloadSeal): unknown[] {
  const idHash = hashOfId(artifact.key.id);
  const userCode = artifact.userCode === null ? null : hashOfId(artifact.userCode);
  const payload = seal.closeText(artifact.text, idHash);
  return [artifact.key.kind, idHash, payload, artifact.grantId, userCode, artifact.expiresAt];
}

/** The values of `commitStatement`. */
export function commitValues(writes: StagedWrites, seal: PayloadSeal): unknown[] {
  const { endedInteraction, answeredInteraction, removed, browserSession } = writes;
  const answered = answeredInteraction && saveValues(answeredInteraction, seal);
  const saved = writes.saved.map((artifact) => saveValues(artifact, seal));
  return [
    endedInteraction ? hashOfId(endedInteraction.id) : null,
    ...(answered ? [answered[1], answered[2], answered[3], answered[5]] : [null, null, null, null]),
    removed.map(({ kind }) => kind),
    removed.map(({ id }) => hashOfId(id)),
    ...[0, 1, 2, 3, 4, 5].map((column) => saved.map((values) => values[column])),
    ...(browserSession ? sessionValues(browserSession, seal) : [null, null, null, null, null, null, false]),
    eventRows(browserSession?.events ?? []),
    writes.proof?.accountId ?? null,
    writes.proof?.at ?? null,
  ];
}

function sessionValues(
  { id, payload, signedInAt, expiresAt, existed }: NonNullable<StagedWrites['browserSession']>,
  seal: PayloadSeal,
): unknown[] {
  const idHash = hashOfId(id);
  const { uid, accountId = null } = payload;
  return [idHash, uid, accountId, seal.close(payload, idHash), signedInAt, expiresAt, existed];
}
