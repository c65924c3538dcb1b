import { EventLog } from '@curfew/events';
import {
  maxTransmitters,
  type Transmitter,
  type TransmitterFields,
  Transmitters,
} from '@curfew/events/transmitters';
import { type Foundation, foundationToken } from '@curfew/foundation';
import type { Transaction } from '@curfew/persistence';
import { ProblemError } from '@curfew/web';
import { Inject, Injectable } from '@nestjs/common';
import { type Act, adminActed } from '../access/acts.js';
import { Authority } from '../access/authority.js';
import { versionConflict } from '../contract/input.js';
import { plainFault } from '../identity-providers/provider-acts.js';

/** Acts of operators on transmitters. Each is checked for authority and commits with its event. */
@Injectable()
export class TransmitterActs {
  constructor(
    private readonly transmitters: Transmitters,
    private readonly events: EventLog,
    private readonly authority: Authority,
    @Inject(foundationToken) private readonly foundation: Foundation,
  ) {}

  /** Adds one. */
  create(wanted: TransmitterFields, authorization: string, act: Act, tx: Transaction): Promise<Transmitter> {
    this.check(wanted);
    return this.over(wanted.id, act, tx, async () => {
      return (await this.transmitters.insert(wanted, authorization, act.now, tx)) ?? taken();
    });
  }

  /** Replaces the version that was read. */
  change(
    before: Transmitter,
    wanted: TransmitterFields,
    { authorization, version }: { readonly authorization: string | undefined; readonly version: number },
    act: Act,
    tx: Transaction,
  ): Promise<Transmitter> {
    this.check(wanted);
    const isSame = before.issuer === wanted.issuer && before.endpointUrl === wanted.endpointUrl;
    if (!isSame && authorization === undefined) throw secretMissing();
    return this.over(wanted.id, act, tx, async () => {
      const changed = await this.transmitters.replace(wanted, authorization, version, act.now, tx);
      if (changed === 'taken') return taken();
      if (!changed) throw versionConflict();
      return changed;
    });
  }

  /** Deletes the version that was read. */
  remove(id: string, version: number, act: Act, tx: Transaction): Promise<void> {
    return this.over(id, act, tx, async () => {
      if (!(await this.transmitters.remove(id, version, tx))) throw versionConflict();
    });
  }

  private over<T>(id: string, act: Act, tx: Transaction, work: () => Promise<T>): Promise<T> {
    return this.authority.change(act, { kind: 'transmitter' }, tx, async () => {
      const made = await work();
      await this.events.record([adminActed(act.caller, act.operation, id, act.now)], tx);
      return made;
    });
  }

  /** This service will ask these addresses, so that none may be one of its own inside. */
  private check({ issuer, jwksUri, delivery, endpointUrl }: TransmitterFields): void {
    const asked = (address: string) => this.foundation.receiverAddressFault(address);
    if (issuer === this.foundation.configuration.issuer)
      refuse('issuer', 'must be another service than this one');
    refuse('issuer', asked(issuer) ?? plainFault(issuer));
    if (jwksUri !== null) refuse('jwks_uri', asked(jwksUri));
    if (delivery === 'push' && endpointUrl !== null)
      refuse('endpoint_url', 'must be null where the transmitter pushes');
    if (delivery === 'poll' && endpointUrl === null)
      refuse('endpoint_url', 'must be the address that is polled');
    if (endpointUrl !== null) refuse('endpoint_url', asked(endpointUrl));
  }
}

function refuse(member: string, fault: string | null): void {
  if (fault === null) return;
  throw new ProblemError({
    status: 400,
    code: 'invalid_transmitter',
    detail: `${member} ${fault}`,
    faults: [{ at: `body/${member}`, detail: fault }],
  });
}

const secretMissing = (): ProblemError =>
  new ProblemError({
    status: 400,
    code: 'secret_missing',
    detail:
      'authorization must be given with another issuer or endpoint_url: the old one is not sent elsewhere.',
    faults: [{ at: 'body/authorization', detail: 'must be given with another issuer or endpoint_url' }],
  });

function taken(): never {
  throw new ProblemError({
    status: 409,
    code: 'transmitter_exists',
    detail: `There is a transmitter with this id or this issuer, or there are ${maxTransmitters} already.`,
  });
}
