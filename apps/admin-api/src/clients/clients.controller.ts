import { ConsentService } from '@curfew/accounts';
import {
  type ClientChange,
  type ClientDetails,
  type ClientRegistration,
  ClientService,
  PolicyService,
  RegistrationError,
} from '@curfew/clients';
import { EventLog } from '@curfew/events';
import { PrismaService, type Transaction } from '@curfew/persistence';
import { type EventData, type Instant, seconds } from '@curfew/session-policy';
import { Controller } from '@nestjs/common';
import { adminActed, eventOf } from '../access/acts.js';
import { AdminAddress } from '../access/admin-address.js';
import type { Caller } from '../access/caller.js';
import { adminScopesOfClient, requireOwn } from '../access/escalation.js';
import { type Answer, created, nothing, ok } from '../contract/answer.js';
import { Cursors } from '../contract/cursor.js';
import { Input, type InputOf } from '../contract/input.js';
import { Operation } from '../contract/operation.js';
import { EndAlong } from '../sessions/end-along.js';
import * as contracts from './client-contracts.js';
import { clientOnWire, secretsOnWire } from './client-view.js';

type Change = EventData['client.changed']['change'];

interface Act {
  readonly id: string;
  readonly change: Change;
  readonly fields?: readonly string[];
  readonly operation: string;
  readonly caller: Caller;
  readonly now: Instant;
  readonly note?: string | undefined;
}

/** Registered clients. */
@Controller()
export class ClientsController {
  constructor(
    private readonly prisma: PrismaService,
    private readonly clients: ClientService,
    private readonly consents: ConsentService,
    private readonly policies: PolicyService,
    private readonly events: EventLog,
    private readonly ends: EndAlong,
    private readonly cursors: Cursors,
    private readonly address: AdminAddress,
  ) {}

  @Operation(contracts.list)
  async list(@Input() { query }: InputOf<typeof contracts.list>): Promise<Answer> {
    const { search = '', limit, cursor } = query;
    const question = `clients ${search}`;
    const after = cursor === undefined ? null : String(this.cursors.open(question, cursor)[0]);
    const { clients, next } = await this.clients.list({ after, search, limit });
    return ok({ items: clients.map(clientOnWire), next_cursor: next && this.cursors.seal(question, [next]) });
  }

  @Operation(contracts.show)
  async show(@Input() { params }: InputOf<typeof contracts.show>): Promise<Answer> {
    const details = await this.existing(params.id);
    return ok(await this.detail(details), details.client.version);
  }

  @Operation(contracts.create)
  async create(@Input() { body, caller, now }: InputOf<typeof contracts.create>): Promise<Answer> {
    const { client_id, ...registration } = body;
    requireOwn(caller, adminScopesOfClient(registration, this.address.url));
    const { client, secret } = await this.prisma.$transaction(async (tx) => {
      const options = client_id === undefined ? {} : { id: client_id };
      const made = await this.clients.create(registration as ClientRegistration, options, tx);
      const fields = Object.keys(registration);
      await this.note(
        { id: made.client.id, change: 'created', fields, operation: contracts.create.id, caller, now },
        tx,
      );
      return made;
    });
    const detail = await this.detail(await this.existing(client.id));
    const location = `/v1/clients/${encodeURIComponent(client.id)}`;
    return created(
      { ...detail, ...(secret === null ? {} : { client_secret: secret }) },
      location,
      client.version,
    );
  }

  @Operation(contracts.change)
  async change(
    @Input() { params, body, version, caller, now }: InputOf<typeof contracts.change>,
  ): Promise<Answer> {
    const before = await this.existing(params.id);
    requireOwn(caller, adminScopesOfClient(before.client.metadata, this.address.url));
    requireOwn(caller, adminScopesOfClient({ ...before.client.metadata, ...body }, this.address.url));
    const { client, secret, ended } = await this.prisma.$transaction(async (tx) => {
      const changed = await this.clients.update(params.id, body as ClientChange, version, tx);
      const fields = Object.keys(body);
      await this.note(
        { id: params.id, change: 'changed', fields, operation: contracts.change.id, caller, now },
        tx,
      );
      return { ...changed, ended: await this.endWeakened(params.id, changed.weakened, { caller, now }, tx) };
    });
    const detail = await this.detail(await this.existing(params.id));
    const made = secret === null ? {} : { client_secret: secret };
    return ok({ ...detail, ...made, ...(ended ? { sessions_ended: ended } : {}) }, client.version);
  }

  @Operation(contracts.disable)
  async disable(@Input() { params, body, caller, now }: InputOf<typeof contracts.disable>): Promise<Answer> {
    const order = { caller, reason: 'client_disabled', note: body.note, now } as const;
    const outcome = await this.ends.with({ kind: 'client', target: params.id }, order, async (tx) => {
      await this.clients.disable(params.id, tx);
      await this.note({ id: params.id, change: 'disabled', operation: contracts.disable.id, ...order }, tx);
    });
    return ok(outcome);
  }

  @Operation(contracts.enable)
  async enable(@Input() { params, body, caller, now }: InputOf<typeof contracts.enable>): Promise<Answer> {
    const { client } = await this.existing(params.id);
    requireOwn(caller, adminScopesOfClient(client.metadata, this.address.url));
    await this.prisma.$transaction(async (tx) => {
      await this.clients.enable(params.id, tx);
      await this.note(
        { id: params.id, change: 'enabled', operation: contracts.enable.id, caller, now, note: body.note },
        tx,
      );
    });
    return nothing();
  }

  @Operation(contracts.remove)
  async remove(@Input() { params, query, caller, now }: InputOf<typeof contracts.remove>): Promise<Answer> {
    const order = { caller, reason: 'client_deleted', note: query.note, now } as const;
    const outcome = await this.ends.with({ kind: 'client', target: params.id }, order, async (tx) => {
      await this.clients.delete(params.id, tx);
      await this.consents.forgetClient(params.id, tx);
      await this.note({ id: params.id, change: 'deleted', operation: contracts.remove.id, ...order }, tx);
    });
    return ok(outcome);
  }

  @Operation(contracts.rollOver)
  async rollOver(
    @Input() { params, body, caller, now }: InputOf<typeof contracts.rollOver>,
  ): Promise<Answer> {
    const { client } = await this.existing(params.id);
    requireOwn(caller, adminScopesOfClient(client.metadata, this.address.url));
    const secret = await this.prisma.$transaction(async (tx) => {
      const made = await this.clients.rollOverSecret(params.id, seconds(body.overlap_seconds), tx);
      await this.note(
        { id: params.id, change: 'secret_added', operation: contracts.rollOver.id, caller, now },
        tx,
      );
      return made;
    });
    const details = await this.existing(params.id);
    const location = `/v1/clients/${encodeURIComponent(params.id)}`;
    return created({ client_secret: secret, secrets: secretsOnWire(details) }, location);
  }

  @Operation(contracts.endSecret)
  async endSecret(@Input() { params, caller, now }: InputOf<typeof contracts.endSecret>): Promise<Answer> {
    await this.prisma.$transaction(async (tx) => {
      await this.clients.endSecret(params.id, params.secret_id, tx);
      await this.note(
        { id: params.id, change: 'secret_removed', operation: contracts.endSecret.id, caller, now },
        tx,
      );
    });
    return nothing();
  }

  /** A client that may or proves less than before starts anew: nothing it was given earlier comes back when that is undone. */
  private async endWeakened(
    id: string,
    weakened: readonly string[],
    { caller, now }: Pick<Act, 'caller' | 'now'>,
    tx: Transaction,
  ) {
    if (weakened.length === 0) return undefined;
    const note = `changed: ${weakened.join(', ')}`;
    return this.ends.within(
      tx,
      { kind: 'client', target: id },
      { caller, reason: 'policy_changed', note, now },
    );
  }

  private async note(act: Act, tx: Transaction): Promise<void> {
    const { id, change, fields = [], operation, caller, now, note } = act;
    const subject = { clientId: id };
    const events = [
      eventOf('client.changed', { change, fields, by: caller.actor }, now, subject),
      adminActed(caller, operation, id, now, { note, ...subject }),
    ];
    await this.events.record(events, tx);
  }

  private async existing(id: string): Promise<ClientDetails> {
    const details = await this.clients.find(id);
    if (!details) throw new RegistrationError('unknown_client');
    return details;
  }

  private async detail(details: ClientDetails) {
    const attachments = await this.policies.attachments();
    const own = attachments.find(({ target }) => target.kind === 'client' && target.id === details.client.id);
    return { ...clientOnWire(details.client), secrets: secretsOnWire(details), policy: own?.policy ?? null };
  }
}
