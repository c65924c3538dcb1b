import { settlementFits, settlementSteps } from '@curfew/accounts';
import { passkeyUseSteps } from '@curfew/accounts/factors';
import { eventRows, insertEventsText } from '@curfew/events';
import { browserStands, entriesAgainst } from '@curfew/sessions/statements';
import { packSignals } from '@curfew/sessions/store';
import { hashOfId, type PayloadSeal } from '@curfew/tokens';
import { type Commit, CommitBuilder } from './commit-builder.js';
import { grantsInCodes, type StagedArtifact, type StagedWrites } from './staged-writes.js';
import { addApprovedDevice, addUpstreamSession, withUpstream } from './upstream-statements.js';

/** Milliseconds as the driver writes them quickest. */
const at = (parameter: string): string => `to_timestamp(${parameter} / 1000)`;

/**
 * The statement that writes everything a request staged, or nothing of it. An interaction that the request ended or answered must still be
 * there, so that of two requests at once only one goes on. If the interaction proves who the person is, nothing of their account may have
 * ended since that proof, and their password must be the same. The row that comes back says whether all of this holds, and whether the
 * consent is still the one that was read.
 *
 * It has the steps these writes need and no others, and is named by them. Each step waits for the one before it, so that all lock in one
 * order: interaction, passkey, browser sessions relied on, counters of attempts, other artifacts, consent, browser session.
 */
export function commitOf(writes: StagedWrites, seal: PayloadSeal): Commit {
  const commit = new CommitBuilder();
  addInteraction(commit, writes);
  addPasskeyUse(commit, writes);
  addReliance(commit, writes);
  if (writes.settlement) commit.condition(settlementFits(writes.settlement, commit.value, true));
  commit.holdConditions();
  addAnswer(commit, writes, seal);
  addSettlement(commit, writes);
  addArtifacts(commit, writes, seal);
  addApprovedDevice(commit, writes);
  addConsent(commit, writes);
  addBrowserSession(commit, writes, seal);
  return commit.built();
}

function addInteraction(commit: CommitBuilder, writes: StagedWrites): void {
  const { endedInteraction, answeredInteraction, proof } = writes;
  const standing = (id: string) =>
    `kind = 'Interaction' AND id_hash = ${commit.value(hashOfId(id), 'bytea')} AND consumed_at IS NULL`;
  if (endedInteraction) {
    commit.writer(
      'ended',
      `DELETE FROM protocol_artifact WHERE ${standing(endedInteraction.id)} RETURNING 1`,
    );
    commit.condition('EXISTS (SELECT 1 FROM ended)');
  }
  if (answeredInteraction) {
    commit.step(
      'answering',
      `SELECT 1 FROM protocol_artifact WHERE ${standing(answeredInteraction.key.id)} FOR UPDATE`,
    );
    commit.condition('EXISTS (SELECT 1 FROM answering)');
  }
  if (proof) {
    const since = at(commit.value(proof.at, 'float8'));
    const account = commit.value(proof.accountId, 'text');
    commit.step('over', `SELECT 1 ${entriesAgainst({ account, at: since })}`);
    commit.condition('NOT EXISTS (SELECT 1 FROM over)');
  }
  if (proof?.upstream) addUpstreamSession(commit, proof.upstream);
}

/** Neither a passkey nor its challenge is used where the interaction that it was shown in is over. */
function addPasskeyUse(commit: CommitBuilder, writes: StagedWrites): void {
  const { passkeyUse, endedInteraction, answeredInteraction } = writes;
  if (!passkeyUse) return;
  const interaction = endedInteraction ? 'ended' : answeredInteraction && 'answering';
  const ready = interaction && `EXISTS (SELECT 1 FROM ${interaction})`;
  for (const [name, text] of passkeyUseSteps(passkeyUse, commit.value, ready)) commit.writer(name, text);
  // The account was read before its passkey was checked, and may have been disabled since then.
  commit.condition(
    'EXISTS (SELECT 1 FROM used JOIN account a ON a.id = used.account_id WHERE a.disabled_at IS NULL)',
  );
  commit.passkeyRefused =
    'EXISTS (SELECT 1 FROM challenge WHERE count = 1) AND NOT EXISTS (SELECT 1 FROM used)';
}

/** An answer may sign somebody in at a later request, which does not look at its proofs again. */
function addAnswer(commit: CommitBuilder, { answeredInteraction }: StagedWrites, seal: PayloadSeal): void {
  if (!answeredInteraction) return;
  const { idHash, payload, grantId, expiresAt } = sealed(answeredInteraction, seal);
  const set = `payload = ${commit.value(payload, 'bytea')}, grant_id = ${commit.value(grantId, 'text')},
    expires_at = ${at(commit.value(expiresAt, 'float8'))}`;
  const where = `kind = 'Interaction' AND id_hash = ${commit.value(idHash, 'bytea')} AND consumed_at IS NULL AND ${commit.ready}`;
  commit.writing('answered', `UPDATE protocol_artifact SET ${set} WHERE ${where} RETURNING 1`);
}

/**
 * A request that found somebody signed in writes only while they are: an end of their browser session waits for this commit or is seen by
 * it. An end of everything of their account since they signed in counts as such an end.
 */
function addReliance(commit: CommitBuilder, { relyingOn, browserSession }: StagedWrites): void {
  if (relyingOn.length === 0) return;
  const uids = commit.value(relyingOn, 'text[]');
  // If two shared the row and then both wanted to write it, each would wait for the other.
  const isWritten =
    browserSession?.existed === true && relyingOn.includes(String(browserSession.payload.uid));
  const [name, lock] = isWritten ? ['relied_and_written', 'UPDATE'] : ['relied', 'KEY SHARE'];
  commit.step(
    name,
    `SELECT 1 FROM browser_session b WHERE b.uid = ANY(${uids}) AND ${browserStands} ORDER BY b.uid FOR ${lock} OF b`,
  );
  commit.signedIn = `(SELECT count(*) FROM ${name}) = ${commit.value(relyingOn.length, 'int')}`;
  commit.condition(commit.signedIn);
}

function addSettlement(commit: CommitBuilder, { settlement }: StagedWrites): void {
  if (!settlement) return;
  for (const [name, text] of settlementSteps(settlement, commit.value, commit.ready))
    commit.writing(name, text);
}

function addArtifacts(commit: CommitBuilder, writes: StagedWrites, seal: PayloadSeal): void {
  const { removed } = writes;
  if (removed.length > 0) {
    const kinds = commit.value(
      removed.map(({ kind }) => kind),
      'text[]',
    );
    const hashes = commit.value(
      removed.map(({ id }) => hashOfId(id)),
      'bytea[]',
    );
    commit.writing(
      'removed',
      `DELETE FROM protocol_artifact a USING unnest(${kinds}, ${hashes}) AS r(kind, id_hash)
       WHERE a.kind = r.kind AND a.id_hash = r.id_hash AND ${commit.ready} RETURNING 1`,
    );
  }
  const saved = grantsInCodes(writes.saved).map((artifact) => sealed(artifact, seal));
  if (saved.length === 0) return;
  const column = (name: keyof ReturnType<typeof sealed>, type: string) =>
    commit.value(
      saved.map((row) => row[name]),
      type,
    );
  const columns = [
    column('kind', 'text[]'),
    column('idHash', 'bytea[]'),
    column('payload', 'bytea[]'),
    column('grantId', 'text[]'),
    column('userCodeHash', 'bytea[]'),
    column('expiresAt', 'float8[]'),
  ];
  // A consumed one stays as it is: nothing that was used once comes back.
  commit.writing(
    'saved',
    `INSERT INTO protocol_artifact AS a (kind, id_hash, payload, grant_id, user_code_hash, expires_at)
     SELECT kind, id_hash, payload, grant_id, user_code_hash, ${at('expires_at')}
     FROM unnest(${columns.join(', ')}) AS s(kind, id_hash, payload, grant_id, user_code_hash, expires_at)
     WHERE ${commit.ready}
     ON CONFLICT (kind, id_hash) DO UPDATE SET payload = excluded.payload, grant_id = excluded.grant_id,
       user_code_hash = excluded.user_code_hash, expires_at = excluded.expires_at
     WHERE a.consumed_at IS NULL RETURNING 1`,
  );
}

function addConsent(commit: CommitBuilder, { consent }: StagedWrites): void {
  if (!consent) return;
  const account = commit.value(consent.accountId, 'uuid');
  const client = commit.value(consent.clientId, 'text');
  const granted = commit.value(consent.granted, 'jsonb');
  const grantedAt = at(commit.value(consent.grantedAt, 'float8'));
  // The write must replace the value that was read before: if two tabs answer at once, neither forgets a consent that the other gave, and a
  // consent that was withdrawn meanwhile does not come back.
  if (consent.before === null) {
    commit.writing(
      'consent_given',
      `INSERT INTO consent (account_id, client_id, granted, granted_at)
       SELECT ${account}, ${client}, ${granted}, ${grantedAt} WHERE ${commit.ready} ON CONFLICT DO NOTHING RETURNING 1`,
    );
    return;
  }
  commit.writing(
    'consent_widened',
    `UPDATE consent SET granted = ${granted}, granted_at = ${grantedAt}
     WHERE account_id = ${account} AND client_id = ${client} AND granted = ${commit.value(consent.before, 'jsonb')}
       AND ${commit.ready} RETURNING 1`,
  );
}

function addBrowserSession(commit: CommitBuilder, { browserSession }: StagedWrites, seal: PayloadSeal): void {
  if (!browserSession) return;
  const { id, payload, signIn, baseline, expiresAt, existed, events, upstream } = browserSession;
  const { uid, accountId = null } = payload;
  const idHash = hashOfId(id);
  const values = [
    ['id_hash', commit.value(idHash, 'bytea')],
    ['account_id', commit.value(accountId, 'uuid')],
    ['payload', commit.value(seal.close(payload, idHash), 'bytea')],
    ['signed_in_at', at(commit.value(signIn?.signedInAt ?? null, 'float8'))],
    ['last_active_at', at(commit.value(signIn?.lastActiveAt ?? null, 'float8'))],
    ['inactivity_timeout', commit.value(signIn?.inactivityTimeout ?? null, 'int')],
    ['absolute_deadline', at(commit.value(signIn?.absoluteDeadline ?? null, 'float8'))],
    ['expires_at', at(commit.value(expiresAt, 'float8'))],
    ...(baseline
      ? [['baseline', commit.value(JSON.stringify(packSignals(baseline)), 'jsonb')] as const]
      : []),
  ] as const;
  const columns = values.map(([name]) => name);
  // A statement is named by its steps, so each text of a step has a name of its own: a sign-in that goes on keeps its circumstances.
  const step = `${existed ? 'moved' : 'begun'}${baseline ? '' : '_on'}${upstream ? '_upstream' : ''}`;
  const keys = upstream && commit.value([upstream.person, upstream.key], 'text[]');
  // A session gets a new id at every sign-in (fixation); the row is the person's, so it follows by uid. One that is gone stays gone.
  if (existed) {
    const named = values.map(([name, value]) => `${name} = ${value}`);
    const set = [...named, ...(keys ? [`upstream = ${withUpstream('upstream', keys)}`] : [])].join(', ');
    const where = `uid = ${commit.value(uid, 'text')} AND ended_at IS NULL AND ${commit.ready}`;
    commit.writing(step, `UPDATE browser_session SET ${set} WHERE ${where} RETURNING 1`);
  } else {
    const all = [commit.value(uid, 'text'), ...values.map(([, value]) => value), ...(keys ? [keys] : [])];
    const again = columns.map((name) => `${name} = excluded.${name}`);
    if (keys) again.push(`upstream = ${withUpstream('browser_session.upstream', keys)}`);
    commit.writing(
      step,
      `INSERT INTO browser_session (uid, ${columns.join(', ')}${keys ? ', upstream' : ''}) SELECT ${all.join(', ')} WHERE ${commit.ready}
       ON CONFLICT (uid) DO UPDATE SET ${again.join(', ')} WHERE browser_session.ended_at IS NULL RETURNING 1`,
    );
  }
  if (events.length === 0) return;
  commit.step(
    'told',
    insertEventsText(commit.value(eventRows(events), 'jsonb'), `WHERE EXISTS (SELECT 1 FROM ${step})`),
  );
}

function sealed({ key, text, grantId, userCode, expiresAt }: StagedArtifact, seal: PayloadSeal) {
  const idHash = hashOfId(key.id);
  const userCodeHash = userCode === null ? null : hashOfId(userCode);
  return { kind: key.kind, idHash, payload: seal.closeText(text, idHash), grantId, userCodeHash, expiresAt };
}
