import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { milliseconds } from '../statements.js';
import { type DatabaseRefused, databaseLost } from './refusal.js';
import { type DatabaseServer, historyOf } from './server.js';
import { isBelieved, missingFor } from './testimony.js';
import type { Witness } from './witness.js';

/** A process that was seen to serve from the same database, and how many marks it had committed then. */
export interface Peer {
  readonly node: string;
  readonly mark: number;
  /** The history that it serves from; null for one that has stopped, which nobody waits for. */
  readonly server: string | null;
}

/** Those among these that have not stopped. */
export const serving = (peers: readonly Peer[]): readonly Peer[] =>
  peers.filter(({ server }) => server !== null);

/** The memory of a peer, and when it was read, by the clock of the database in milliseconds since the epoch. */
export interface RememberedPeer extends Peer {
  readonly heardAt: number;
}

/** The state of the installation as far as losses go. Instants are milliseconds since the epoch, by the clock of the database. */
export interface LossState {
  readonly instance: string;
  readonly now: number;
  readonly lostSince: number | null;
  readonly restoredAt: number | null;
  readonly peers: readonly Peer[];
}

/** Asks for the state, as the process with the id $1 is interested in it: its peers are those that served lately. */
export const lossStateQuestion = `
  SELECT instance_id::text AS instance, ${milliseconds('clock_timestamp()')} AS now, ${milliseconds('lost_since')} AS lost_since, ${milliseconds('restored_at')} AS restored_at,
    COALESCE((SELECT jsonb_agg(jsonb_build_object('node', node, 'mark', mark, 'server', server)) FROM node_mark
      WHERE marked_at > clock_timestamp() - interval '20 seconds' AND node <> $1::uuid), '[]'::jsonb) AS peers
  FROM service_state WHERE id = 1`;

/** Reads the state over a connection that is not proven yet. */
export async function readLossState(client: pg.ClientBase, node: string): Promise<LossState> {
  const { rows } = await client.query<
    Omit<LossState, 'lostSince' | 'restoredAt'> & { lost_since: number | null; restored_at: number | null }
  >(lossStateQuestion, [node]);
  const { lost_since, restored_at, ...rest } = rows[0]!;
  return { ...rest, lostSince: lost_since, restoredAt: restored_at };
}

/** Whom to ask about a database, and about whom. */
export interface Hearing {
  readonly node: string;
  readonly witnesses: readonly Witness[];
  /** Marks of other processes, as they were read from the database while it was sound. */
  readonly peers: readonly RememberedPeer[];
}

/**
 * Compares a database with what is remembered of it. The refusal it answers with, if any, stands in the database too, so that every process
 * refuses from then on. It is lifted by the step that follows a restore, when that comes after everything that is remembered.
 */
export async function judge(
  server: DatabaseServer,
  client: pg.ClientBase,
  { node, witnesses, peers }: Hearing,
): Promise<{ readonly state: LossState; readonly refusal: DatabaseRefused | undefined }> {
  const state = await readLossState(client, node);
  const concerned = witnesses.filter(
    ({ instance, at }) =>
      instance === state.instance && (state.restoredAt === null || state.restoredAt <= at),
  );
  const knownAt = Math.max(0, ...witnesses.map(({ at }) => at));
  const believed = peers.filter(({ heardAt }) => isBelieved(heardAt, state.now));
  const missing =
    (await firstMissing(concerned, server, client, state.now)) ??
    (state.restoredAt !== null && state.restoredAt > knownAt
      ? undefined
      : await missingMark(believed, client));
  if (missing !== undefined) {
    await noteLoss(client, knownAt);
    return { state, refusal: databaseLost(missing) };
  }
  return { state, refusal: state.lostSince === null ? undefined : lostBefore() };
}

const lostBefore = () => databaseLost('another process has found that');

async function firstMissing(
  witnesses: readonly Witness[],
  server: DatabaseServer,
  client: pg.ClientBase,
  now: number,
): Promise<string | undefined> {
  for (const witness of witnesses) {
    const missing = await missingFor(witness, server, client, now);
    if (missing !== undefined) return missing;
  }
  return undefined;
}

async function missingMark(
  peers: readonly RememberedPeer[],
  client: pg.ClientBase,
): Promise<string | undefined> {
  const { rows } = await client.query<{ node: string; mark: number }>(
    `SELECT p.node, p.mark FROM jsonb_to_recordset($1::jsonb) AS p(node text, mark int)
       LEFT JOIN node_mark m ON m.node = p.node::uuid WHERE m.mark IS NULL OR m.mark < p.mark LIMIT 1`,
    [JSON.stringify(peers)],
  );
  return rows[0] && `process ${rows[0].node} committed mark ${rows[0].mark}, the database does not have it`;
}

/** Nothing else is written to a database that lost something. A step that was taken meanwhile is not undone. */
async function noteLoss(client: pg.ClientBase, knownAt: number): Promise<void> {
  await client.query(
    `UPDATE service_state SET lost_since = COALESCE(lost_since, clock_timestamp()), lost_known_at = GREATEST(lost_known_at, to_timestamp($1::float8 / 1000))
       WHERE id = 1 AND (restored_at IS NULL OR restored_at <= to_timestamp($1::float8 / 1000))`,
    [knownAt],
  );
}

/** How long others may take to say what they find in a database that took over. Those that died with the old one say nothing. */
const patienceMs = 3_000;
const betweenLooksMs = 50;

/**
 * Waits until every process that served lately has looked at this server too: a process to which nothing was acknowledged lately finds
 * nothing missing, while another does. Answers with the refusal if one did.
 */
export async function waitForPeers(
  server: DatabaseServer,
  client: pg.ClientBase,
  { node, peers }: { readonly node: string; readonly peers: readonly Peer[] },
): Promise<DatabaseRefused | undefined> {
  const history = historyOf(server);
  const deadline = performance.now() + patienceMs;
  const remembered = new Set(peers.map((peer) => peer.node));
  for (;;) {
    const state = await readLossState(client, node);
    if (state.lostSince !== null) return lostBefore();
    const found = new Map(serving(state.peers).map((peer) => [peer.node, peer.server]));
    const silent = [...found].filter(([, seen]) => seen !== history).length;
    const unseen = [...remembered].filter((peer) => !found.has(peer)).length;
    if (silent + unseen === 0 || performance.now() > deadline) return undefined;
    await pause(betweenLooksMs);
  }
}
