import { isStatementTimeout, type PrismaService } from '@curfew/persistence';
import type { Instant } from '@curfew/session-policy';
import type { PolicyPlaces } from '@curfew/session-policy/effective-policy';
import { deadlineUnder, notCoveredUnsettled, placeWithin, rowStands } from '@curfew/sessions/statements';

/** Live sessions of one client with one set of APIs: they are all under one policy. */
interface LiveLineage {
  readonly clientId: string;
  readonly resources: readonly string[];
  readonly live: number;
}

/** How many live sessions a client has, and how many of them would end. */
export interface PreviewCount {
  readonly clientId: string;
  readonly live: number;
  readonly wouldEnd: number;
}

/** Limits of a preview, because everybody else uses the same database. */
export interface PreviewLimits {
  /** Pairs of a client and a set of APIs; each is a statement of its own. */
  readonly maxLineages: number;
  /** All statements together; each of them has the statement timeout as well. */
  readonly maxMs: number;
}

/** There is more to count than a preview may cost; a number that is too small would mislead. */
export class PreviewTooLarge extends Error {
  override readonly name = 'PreviewTooLarge';
}

/** Counts what a policy would end; reads all live sessions, within limits. */
export class PreviewStore {
  constructor(
    private readonly prisma: PrismaService,
    private readonly limits: PreviewLimits = { maxLineages: 1_000, maxMs: 15_000 },
  ) {}

  /** By client. @throws PreviewTooLarge */
  async count(
    policiesOf: (clientId: string, resources: readonly string[]) => readonly PolicyPlaces[],
    now: Instant,
  ): Promise<readonly PreviewCount[]> {
    const deadline = performance.now() + this.limits.maxMs;
    const counts = new Map<string, PreviewCount>();
    for (const lineage of await withinTimeout(this.#lineages(now))) {
      if (performance.now() >= deadline) throw new PreviewTooLarge();
      const { clientId, resources, live } = lineage;
      let ending = 0;
      for (const places of policiesOf(clientId, resources))
        ending += await withinTimeout(this.#wouldEnd(lineage, places, now));
      const before = counts.get(clientId);
      counts.set(clientId, {
        clientId,
        live: (before?.live ?? 0) + live,
        wouldEnd: (before?.wouldEnd ?? 0) + ending,
      });
    }
    return [...counts.values()];
  }

  async #lineages(now: Instant): Promise<readonly LiveLineage[]> {
    const { maxLineages } = this.limits;
    const rows = await this.prisma.$queryRaw<{ client_id: string; resources: string[]; live: number }[]>`
      SELECT client_id, resources, count(*)::int AS live FROM session s
      WHERE ${rowStands(now, notCoveredUnsettled)}
      GROUP BY client_id, resources ORDER BY client_id, resources LIMIT ${maxLineages + 1}`;
    if (rows.length > maxLineages) throw new PreviewTooLarge();
    return rows.map((row) => ({ clientId: row.client_id, resources: row.resources, live: row.live }));
  }

  async #wouldEnd(
    { clientId, resources }: LiveLineage,
    { from, to, policy }: PolicyPlaces,
    now: Instant,
  ): Promise<number> {
    const rows = await this.prisma.$queryRaw<{ count: number }[]>`
      SELECT count(*)::int AS count FROM session s
      WHERE client_id = ${clientId} AND resources = ${[...resources]}::text[]
        AND ${rowStands(now, notCoveredUnsettled)} AND ${placeWithin(from, to)} AND ${deadlineUnder(policy)} <= ${new Date(now)}`;
    return rows[0]?.count ?? 0;
  }
}

async function withinTimeout<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (isStatementTimeout(error)) throw new PreviewTooLarge();
    throw error;
  }
}
