import type { PrismaService, Transaction } from '@curfew/persistence';
import type { Actor, Instant } from '@curfew/session-policy';
import type { playStates, StepOnWire } from './scenario-contracts.js';

/** A play as it is stored. */
export interface StoredPlay {
  readonly id: string;
  readonly scenario: string;
  readonly started_by: Actor;
  readonly started_at: Date;
  readonly client_id: string;
  readonly state: (typeof playStates)[number];
  readonly steps: readonly StepOnWire[];
  readonly detail: string | null;
  readonly stop_asked: boolean;
}

/** How a play ended. */
export type PlayOutcome = Pick<StoredPlay, 'state' | 'detail'>;

const maxKept = 200;
const maxListed = 10;
/** A process that plays says so every second; after this many seconds without a word it is gone. */
const goneAfterSeconds = 30;

/** Rows of the table `scenario_play`. Whether a player is alive goes by the server's own clock, which no scenario moves. */
export class ScenarioPlaysStore {
  constructor(private readonly prisma: PrismaService) {}

  /** Begins a play and forgets the oldest ones; false where another one is under way. */
  async begin(
    play: { readonly id: string; readonly scenario: string; readonly clientId: string },
    by: Actor,
    now: Instant,
    tx: Transaction,
  ): Promise<boolean> {
    await tx.$executeRaw`
      DELETE FROM scenario_play WHERE id IN (
        SELECT id FROM scenario_play WHERE state <> 'playing' ORDER BY started_at DESC, id DESC OFFSET ${maxKept - 1})`;
    const begun = await tx.$queryRaw<unknown[]>`
      INSERT INTO scenario_play (id, scenario, started_by, started_at, client_id, state, seen_at)
      VALUES (${play.id}::uuid, ${play.scenario}, ${JSON.stringify(by)}::jsonb, ${new Date(now)}, ${play.clientId}, 'playing',
        clock_timestamp())
      ON CONFLICT (state) WHERE state = 'playing' DO NOTHING
      RETURNING 1`;
    return begun.length === 1;
  }

  /** Marks plays whose process is gone as broken, and resolves to the clients that they left behind. */
  async giveUpGone(): Promise<readonly string[]> {
    const gone = await this.prisma.$queryRaw<{ client_id: string }[]>`
      UPDATE scenario_play SET state = 'broken', detail = 'The process that played it is gone.'
      WHERE state = 'playing' AND seen_at < clock_timestamp() - make_interval(secs => ${goneAfterSeconds})
      RETURNING client_id`;
    return gone.map(({ client_id: id }) => id);
  }

  /** Says that the player is alive; resolves to whether somebody asked it to stop. */
  async beat(id: string): Promise<boolean> {
    const rows = await this.prisma.$queryRaw<{ stop_asked: boolean }[]>`
      UPDATE scenario_play SET seen_at = clock_timestamp() WHERE id = ${id}::uuid RETURNING stop_asked`;
    return rows[0]?.stop_asked ?? true;
  }

  /** Adds a step that was played. */
  async addStep(id: string, step: StepOnWire): Promise<void> {
    await this.prisma.$executeRaw`
      UPDATE scenario_play SET steps = steps || ${JSON.stringify([step])}::jsonb, seen_at = clock_timestamp()
      WHERE id = ${id}::uuid`;
  }

  /** Records the end of a play, once. */
  async finish(id: string, { state, detail }: PlayOutcome): Promise<void> {
    await this.prisma.$executeRaw`
      UPDATE scenario_play SET state = ${state}, detail = ${detail} WHERE id = ${id}::uuid AND state = 'playing'`;
  }

  /** Asks for the stop of a play that is under way. */
  async askToStop(id: string, tx: Transaction): Promise<boolean> {
    const asked = await tx.$queryRaw<unknown[]>`
      UPDATE scenario_play SET stop_asked = true WHERE id = ${id}::uuid AND state = 'playing' AND NOT stop_asked
      RETURNING 1`;
    return asked.length === 1;
  }

  /** One play. */
  async find(id: string): Promise<StoredPlay | undefined> {
    const rows = await this.prisma.$queryRaw<StoredPlay[]>`
      SELECT id, scenario, started_by, started_at, client_id, state, steps, detail, stop_asked
      FROM scenario_play WHERE id = ${id}::uuid`;
    return rows[0];
  }

  /** The latest plays, without their steps. */
  latest(): Promise<readonly Omit<StoredPlay, 'steps'>[]> {
    return this.prisma.$queryRaw<Omit<StoredPlay, 'steps'>[]>`
      SELECT id, scenario, started_by, started_at, client_id, state, detail, stop_asked
      FROM scenario_play ORDER BY started_at DESC, id DESC LIMIT ${maxListed}`;
  }
}
