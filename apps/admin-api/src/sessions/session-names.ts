import { actorIn, type NamedActor, type Usernames, withUsername } from '../accounts/usernames.store.js';
import type { SessionOnWire } from './session-view.js';
import type { TimelineEntry } from './timeline.js';

type Data = Readonly<Record<string, unknown>>;

/** The cause in an end or an event beyond its reason: the class of a reuse, the finding, the cause or the change. */
export function causeIn(data: Data | null): string | null {
  const { evidence, findings, cause, change, operation } = (data ?? {}) as Data & {
    readonly evidence?: { readonly class?: string };
    readonly findings?: readonly { readonly signal: string; readonly fields: readonly string[] }[];
  };
  if (evidence?.class) return evidence.class;
  if (Array.isArray(findings) && findings.length > 0)
    return findings.map(({ signal, fields }) => `${signal}: ${fields.join(' ')}`).join(', ');
  const named = [cause, change, operation].find((one) => typeof one === 'string');
  return (named as string | undefined) ?? null;
}

/** A session with names for people: its account, the actor who ended it, and the cause. */
export type NamedSession = SessionOnWire & {
  readonly username: string | null;
  readonly ended_by: NamedActor | null;
  readonly end_cause: string | null;
};

/** A session on the wire, and the details of its end. */
export interface UnnamedSession {
  readonly wire: SessionOnWire;
  readonly detail: Data | null;
}

/** Puts usernames beside ids, and who and what beside ends; one question for all of them. */
export async function named(sessions: readonly UnnamedSession[], names: Usernames): Promise<NamedSession[]> {
  const usernames = await names.of(
    sessions.flatMap(({ wire, detail }) => [wire.account_id, actorIn(detail)?.id]),
  );
  return sessions.map(({ wire, detail }) => {
    const end = wire.state === 'ended' ? detail : null;
    return {
      ...wire,
      username: usernames.get(wire.account_id) ?? null,
      ended_by: withUsername(actorIn(end), usernames),
      end_cause: causeIn(end),
    };
  });
}

/** The entries of a timeline with who did it and what it came of. */
export async function namedTimeline(entries: readonly TimelineEntry[], names: Usernames) {
  const usernames = await names.of(entries.map(({ data }) => actorIn(data)?.id));
  return entries.map((entry) => ({
    ...entry,
    by: withUsername(actorIn(entry.data), usernames),
    cause: causeIn(entry.data),
  }));
}
