import {
  type ClientChange,
  type ClientDetails,
  type ClientRegistration,
  ClientService,
  lintClient,
  PolicyService,
  RegistrationError,
} from '@curfew/clients';
import { PrismaService } from '@curfew/persistence';
import { Controller } from '@nestjs/common';
import { actOf } from '../access/acts.js';
import { type Answer, created, nothing, ok } from '../contract/answer.js';
import { Cursors } from '../contract/cursor.js';
import { Input, type InputOf } from '../contract/input.js';
import { Operation } from '../contract/operation.js';
import { ClientActs } from './client-acts.js';
import * as contracts from './client-contracts.js';
import { idOfClient } from './client-in-path.js';
import { clientOnWire, listedClient, secretsOnWire } from './client-view.js';

/** Registered clients. */
@Controller()
export class ClientsController {
  constructor(
    private readonly prisma: PrismaService,
    private readonly clients: ClientService,
    private readonly acts: ClientActs,
    private readonly policies: PolicyService,
    private readonly cursors: Cursors,
  ) {}

  @Operation(contracts.list)
  async list(@Input() { query }: InputOf<typeof contracts.list>): Promise<Answer> {
    const { search = '', id: ids, limit, cursor } = query;
    const question = ['clients', search, ...(ids ?? [])].join(' ');
    const after = cursor === undefined ? null : String(this.cursors.open(question, cursor)[0]);
    const { clients, next } = await this.clients.list({ after, search, limit, ...(ids ? { ids } : {}) });
    return ok({ items: clients.map(listedClient), next_cursor: next && this.cursors.seal(question, [next]) });
  }

  @Operation(contracts.show)
  async show(@Input() { params }: InputOf<typeof contracts.show>): Promise<Answer> {
    const details = await this.existing(await idOfClient(this.clients, params.id));
    return ok(await this.detail(details), details.client.version);
  }

  @Operation(contracts.create)
  async create(@Input() { body, ...asked }: InputOf<typeof contracts.create>): Promise<Answer> {
    const { client, secret } = await this.prisma.$transaction((tx) =>
      this.acts.create(body as ClientRegistration, actOf(asked, contracts.create), tx),
    );
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
    @Input() { params, body, version, ...asked }: InputOf<typeof contracts.change>,
  ): Promise<Answer> {
    const id = await idOfClient(this.clients, params.id);
    const act = actOf(asked, contracts.change);
    const { client, secret, ended } = await this.prisma.$transaction((tx) =>
      this.acts.change(id, body as ClientChange, version, act, tx),
    );
    const detail = await this.detail(await this.existing(id));
    const made = secret === null ? {} : { client_secret: secret };
    return ok({ ...detail, ...made, ...(ended ? { sessions_ended: ended } : {}) }, client.version);
  }

  @Operation(contracts.disable)
  async disable(@Input() { params, body, ...asked }: InputOf<typeof contracts.disable>): Promise<Answer> {
    const id = await idOfClient(this.clients, params.id);
    const act = actOf(asked, contracts.disable, body.note);
    return ok(await this.prisma.$transaction((tx) => this.acts.disable(id, act, tx)));
  }

  @Operation(contracts.enable)
  async enable(@Input() { params, body, ...asked }: InputOf<typeof contracts.enable>): Promise<Answer> {
    const id = await idOfClient(this.clients, params.id);
    const act = actOf(asked, contracts.enable, body.note);
    await this.prisma.$transaction((tx) => this.acts.enable(id, act, tx));
    return nothing();
  }

  @Operation(contracts.remove)
  async remove(@Input() { params, query, ...asked }: InputOf<typeof contracts.remove>): Promise<Answer> {
    const id = await idOfClient(this.clients, params.id);
    const act = actOf(asked, contracts.remove, query.note);
    return ok(await this.prisma.$transaction((tx) => this.acts.remove(id, act, tx)));
  }

  @Operation(contracts.rollOver)
  async rollOver(@Input() { params, body, ...asked }: InputOf<typeof contracts.rollOver>): Promise<Answer> {
    const id = await idOfClient(this.clients, params.id);
    const act = actOf(asked, contracts.rollOver);
    const secret = await this.prisma.$transaction((tx) =>
      this.acts.rollOver(id, { overlap: body.overlap_seconds, before: body.before }, act, tx),
    );
    const details = await this.existing(id);
    const location = `/v1/clients/${encodeURIComponent(id)}`;
    return created({ client_secret: secret, secrets: secretsOnWire(details) }, location);
  }

  @Operation(contracts.endSecret)
  async endSecret(@Input() { params, ...asked }: InputOf<typeof contracts.endSecret>): Promise<Answer> {
    const id = await idOfClient(this.clients, params.id);
    const act = actOf(asked, contracts.endSecret);
    await this.prisma.$transaction((tx) => this.acts.endSecret(id, params.secret_id, act, tx));
    return nothing();
  }

  private async existing(id: string): Promise<ClientDetails> {
    const details = await this.clients.find(id);
    if (!details) throw new RegistrationError('unknown_client');
    return details;
  }

  private async detail(details: ClientDetails) {
    const attachments = await this.policies.attachments();
    const own = attachments.find(({ target }) => target.kind === 'client' && target.id === details.client.id);
    return {
      ...clientOnWire(details.client),
      secrets: secretsOnWire(details),
      policy: own?.policy ?? null,
      warnings: [...lintClient(details.client)],
    };
  }
}
