import type { EventLog } from '@curfew/events';
import type { Foundation } from '@curfew/foundation';
import type { PrismaService, Transaction } from '@curfew/persistence';
import type { Instant } from '@curfew/session-policy';
import { ProblemError } from '@curfew/web';
import { type Act, adminActed } from '../access/acts.js';
import type { Authority, Target } from '../access/authority.js';
import { versionConflict } from '../contract/input.js';
import { notFound } from '../contract/problems.js';

/** The rows of one kind of other service; each has an id, a version and a sealed secret. */
interface ServiceStore<Fields, Kept> {
  find(id: string): Promise<Kept | undefined>;
  insert(wanted: Fields, secret: string, now: Instant, tx: Transaction): Promise<Kept | undefined>;
  replace(
    wanted: Fields,
    secret: string | undefined,
    version: number,
    now: Instant,
    tx: Transaction,
  ): Promise<Kept | 'taken' | undefined>;
  remove(id: string, version: number, tx: Transaction): Promise<boolean>;
}

interface ProblemWords {
  readonly code: string;
  readonly detail: string;
}

/** The words by which the acts on one kind differ from those on another. */
interface ServiceKind<Fields> {
  readonly target: Target;
  readonly unknown: ProblemWords;
  /** Its id or its issuer is taken, or there are as many as may be. */
  readonly taken: ProblemWords;
  /** The member that has the secret. */
  readonly secret: string;
  /** The members for which the secret was given, by their names on the wire: with others of them it is sent nowhere. */
  readonly secretFor: Readonly<Partial<Record<keyof Fields, string>>>;
}

interface ServiceParts<Fields, Kept> {
  readonly store: ServiceStore<Fields, Kept>;
  readonly prisma: PrismaService;
  readonly events: EventLog;
  readonly authority: Authority;
  readonly foundation: Foundation;
}

/** Acts of operators on other services that this one asks or hears. Each is checked for authority and commits with its event. */
export abstract class ServiceActs<Fields extends { readonly id: string }, Kept extends Fields> {
  protected constructor(
    private readonly kind: ServiceKind<Fields>,
    private readonly parts: ServiceParts<Fields, Kept>,
  ) {}

  /** Refuses settings that cannot be right. @throws ProblemError */
  protected abstract check(wanted: Fields): void;

  /** One. @throws ProblemError where there is none */
  async existing(id: string): Promise<Kept> {
    const { code, detail } = this.kind.unknown;
    return (await this.parts.store.find(id)) ?? fail(notFound(code, detail));
  }

  /** Adds one. */
  create(wanted: Fields, secret: string, act: Act): Promise<Kept> {
    this.check(wanted);
    return this.over(wanted.id, act, async (tx) => {
      return (await this.parts.store.insert(wanted, secret, act.now, tx)) ?? fail(this.taken());
    });
  }

  /** Replaces a version. */
  async change(
    wanted: Fields,
    { secret, version }: { readonly secret: string | undefined; readonly version: number },
    act: Act,
  ): Promise<Kept> {
    const before = await this.existing(wanted.id);
    this.check(wanted);
    const members = Object.keys(this.kind.secretFor) as (keyof Fields)[];
    if (secret === undefined && members.some((member) => before[member] !== wanted[member]))
      throw this.secretMissing();
    return this.over(wanted.id, act, async (tx) => {
      const changed = await this.parts.store.replace(wanted, secret, version, act.now, tx);
      if (changed === 'taken') throw this.taken();
      return changed ?? fail(versionConflict());
    });
  }

  /** Deletes a version. */
  async remove(id: string, version: number, act: Act): Promise<void> {
    await this.existing(id);
    await this.over(id, act, async (tx) => {
      if (!(await this.parts.store.remove(id, version, tx))) throw versionConflict();
    });
  }

  /** The fault of an address that this service will ask, so that none may be one of its own inside. */
  protected addressFault(address: string): string | null {
    return this.parts.foundation.receiverAddressFault(address);
  }

  private over<T>(id: string, act: Act, work: (tx: Transaction) => Promise<T>): Promise<T> {
    const { prisma, authority, events } = this.parts;
    return prisma.$transaction((tx) =>
      authority.change(act, this.kind.target, tx, async () => {
        const made = await work(tx);
        await events.record([adminActed(act.caller, act.operation, id, act.now)], tx);
        return made;
      }),
    );
  }

  private taken(): ProblemError {
    return new ProblemError({ status: 409, ...this.kind.taken });
  }

  private secretMissing(): ProblemError {
    const { secret, secretFor } = this.kind;
    const detail = `must be given with another ${Object.values(secretFor).join(' or ')}`;
    return new ProblemError({
      status: 400,
      code: 'secret_missing',
      detail: `${secret} ${detail}: the old one is not sent elsewhere.`,
      faults: [{ at: `body/${secret}`, detail }],
    });
  }
}

function fail(problem: ProblemError): never {
  throw problem;
}

/** Refuses a body for one of its members, where that has a fault. @throws ProblemError */
export function refuseMember(code: string, member: string, fault: string | null): void {
  if (fault === null) return;
  const faults = [{ at: `body/${member}`, detail: fault }];
  throw new ProblemError({ status: 400, code, detail: `${member} ${fault}`, faults });
}
