import { PrismaService } from '@curfew/persistence';
import type { Actor } from '@curfew/session-policy';
import { Injectable } from '@nestjs/common';

/** An actor as operators see it: a person with their username. */
export interface NamedActor extends Actor {
  readonly username: string | null;
}

/** The actor in the details of an end or the data of an event. */
export const actorIn = (data: Readonly<Record<string, unknown>> | null): Actor | null => {
  const by = data?.['by'];
  return typeof by === 'object' && by !== null ? (by as Actor) : null;
};

/** Usernames for the ids of accounts. Deleted accounts have none. */
@Injectable()
export class Usernames {
  constructor(private readonly prisma: PrismaService) {}

  /** The usernames of these accounts, by id; ids of others, such as clients, are left out. */
  async of(ids: readonly (string | null | undefined)[]): Promise<ReadonlyMap<string, string>> {
    const accounts = [...new Set(ids)].filter((id) => typeof id === 'string' && uuid.test(id)) as string[];
    if (accounts.length === 0) return new Map();
    const rows = await this.prisma.$queryRaw<{ id: string; username: string }[]>`
      SELECT id::text AS id, username FROM account WHERE id = ANY(${accounts}::uuid[])`;
    return new Map(rows.map(({ id, username }) => [id, username]));
  }
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** An actor with their username. */
export const withUsername = (
  actor: Actor | null,
  usernames: ReadonlyMap<string, string>,
): NamedActor | null => actor && { ...actor, username: (actor.id && usernames.get(actor.id)) ?? null };
