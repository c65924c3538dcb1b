import { Batcher, type HotStatement, type Statements, type Transaction } from '@curfew/persistence';
import { type AnnouncedMassEnd, endsChannel } from './announcement.js';

/** The number of session ids that fit into one payload, which has at most 8,000 bytes (PostgreSQL, NOTIFY). */
const maxSessionsPerPayload = 200;
/** Announcements that wait while the database cannot be asked. Followers find older ends in the tables. */
const maxUnsent = 10_000;
/** One transaction after the other, so that the order stays. */
const batches = { inFlight: 1, largest: 2_000, longestWaitMs: 30_000 };

/**
 * A transaction that notifies holds a lock of the whole cluster while it commits. It need not be durable, because announcements do not
 * outlive the server either, and without waiting for the disk it holds that lock for microseconds.
 */
const announceStatement: HotStatement = {
  name: 'ends_announce',
  text: `
    SELECT pg_notify($1, payload)::text FROM (SELECT set_config('synchronous_commit', 'off', true) AS mode) s, unnest($2::text[]) payload
    WHERE s.mode = 'off'`,
};

/** Ends of sessions by their ids, or a payload of its own. */
type Announcement = { readonly sessions: readonly string[] } | { readonly payload: string };

/**
 * Announces ends to all nodes once they have committed, in the order in which it is told of them, and together what comes together. An
 * announcement that gets lost, say with its process, delays the news of an end until each node next reads the tables.
 */
export class EndAnnouncer {
  readonly #batcher: Batcher<Announcement, undefined>;
  /** The announcements that could not be sent yet; they go first, so that nothing overtakes them. */
  #unsent: readonly Announcement[] = [];
  #last: Promise<void> = Promise.resolve();

  constructor(
    private readonly statements: Statements,
    private readonly report: (error: unknown) => void,
  ) {
    this.#batcher = new Batcher(
      (all) => this.#send(all),
      batches,
      () => true,
    );
  }

  /** Announces the ends of these sessions. */
  sessions(ids: readonly string[]): void {
    if (ids.length > 0) this.#announce({ sessions: ids });
  }

  /** Announces the end of everything of an account, of a client or of everyone. */
  all(massEnd: Pick<AnnouncedMassEnd, 'kind' | 'target'>): void {
    this.#announce({ payload: payloadOf(massEnd) });
  }

  /** Says something on the channel of ends; when it returns, that has been sent, and before it everything announced earlier. */
  async say(payload: string): Promise<void> {
    await this.#batcher.submit({ payload });
  }

  /** Waits until what was announced has been sent, or could not be. */
  async settle(): Promise<void> {
    await this.#last;
  }

  #announce(one: Announcement): void {
    // A failure has been reported where it occurred.
    this.#last = this.#batcher.submit(one).catch(() => {});
  }

  async #send(all: readonly Announcement[]): Promise<readonly undefined[]> {
    this.#unsent = [...this.#unsent, ...all].slice(-maxUnsent);
    try {
      await this.statements.run(announceStatement, [endsChannel, payloadsOf(this.#unsent)]);
    } catch (error) {
      this.report(error);
      throw error;
    }
    this.#unsent = [];
    return all.map(() => undefined);
  }
}

/**
 * Tells all nodes, with the commit of `transaction`, to forget what followers remember of a client's tokens: it ends nothing, and each token
 * is asked about again. For a change of a registration, which is announced to nodes by the same commit and rare.
 */
export const announceChangedClient = async (transaction: Transaction, id: string): Promise<void> => {
  await transaction.$executeRaw`SELECT pg_notify(${endsChannel}, ${payloadOf({ kind: 'client', target: id })})`;
};

const payloadOf = ({ kind, target }: Pick<AnnouncedMassEnd, 'kind' | 'target'>): string =>
  `${kind}:${target}`;

/** The payloads in their order: sessions that follow each other share one. */
function payloadsOf(all: readonly Announcement[]): string[] {
  const payloads: string[] = [];
  let sessions: string[] = [];
  const close = (): void => {
    for (let from = 0; from < sessions.length; from += maxSessionsPerPayload)
      payloads.push(sessions.slice(from, from + maxSessionsPerPayload).join(' '));
    sessions = [];
  };
  for (const one of all) {
    if ('sessions' in one) sessions.push(...one.sessions);
    else {
      close();
      payloads.push(one.payload);
    }
  }
  close();
  return payloads;
}
