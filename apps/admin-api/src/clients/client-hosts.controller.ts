import { RegistrationError } from '@curfew/clients';
import { ClientHosts, type ListedHost } from '@curfew/clients/client-documents';
import { EventLog } from '@curfew/events';
import { PrismaService } from '@curfew/persistence';
import { Controller } from '@nestjs/common';
import { actOf, adminActed } from '../access/acts.js';
import { Authority } from '../access/authority.js';
import { type Answer, etagOf, ok, versionOfState } from '../contract/answer.js';
import { requireBefore, requireSeen } from '../contract/before.js';
import { Input, type InputOf } from '../contract/input.js';
import { Operation } from '../contract/operation.js';
import { written } from '../contract/wire.js';
import { ClientActs } from './client-acts.js';
import * as contracts from './client-host-contracts.js';

/** Hosts whose documents may introduce clients. */
@Controller()
export class ClientHostsController {
  constructor(
    private readonly prisma: PrismaService,
    private readonly hosts: ClientHosts,
    private readonly acts: ClientActs,
    private readonly authority: Authority,
    private readonly events: EventLog,
  ) {}

  @Operation(contracts.list)
  async list(@Input() _: InputOf<typeof contracts.list>): Promise<Answer> {
    return ok({ enabled: this.hosts.isOn, items: (await this.hosts.list()).map(onWire) });
  }

  @Operation(contracts.allow)
  async allow(@Input() { params, body, ...asked }: InputOf<typeof contracts.allow>): Promise<Answer> {
    const act = actOf(asked, contracts.allow, body.note);
    const named = body.before;
    const host = await this.prisma.$transaction((tx) =>
      this.authority.change(act, { kind: 'everyone' }, tx, async () => {
        const { allowed, before } = await this.hosts.allow(params.host, body.resources, tx);
        if (named !== undefined) requireBefore(named && new Set(named), before && new Set(before));
        await this.events.record(
          [adminActed(act.caller, act.operation, params.host, act.now, { note: act.note })],
          tx,
        );
        return allowed;
      }),
    );
    return ok(onWire({ ...host, clients: await this.hosts.clientsOf(host.host) }));
  }

  @Operation(contracts.revoke)
  async revoke(@Input() { params, query, ...asked }: InputOf<typeof contracts.revoke>): Promise<Answer> {
    // The caller saw the host, not each of its clients.
    const act = actOf({ ...asked, seen: undefined }, contracts.revoke, query.note);
    return ok(
      await this.prisma.$transaction(async (tx) => {
        const held = (await this.hosts.hold(params.host, tx)) && (await this.hosts.find(params.host, tx));
        if (!held) throw new RegistrationError('unknown_client_host');
        const clients = await this.hosts.clientsOf(params.host, tx);
        requireSeen(asked.seen, onWire({ ...held, clients }).etag);
        await this.hosts.revoke(params.host, tx);
        let sessions_ended = 0;
        for (const id of clients) sessions_ended += (await this.acts.remove(id, act, tx)).recorded;
        const count = clients.length;
        await this.events.record(
          [adminActed(act.caller, act.operation, params.host, act.now, { count, note: act.note })],
          tx,
        );
        return { clients, sessions_ended };
      }),
    );
  }
}

function onWire({ host, resources, clients, createdAt }: ListedHost) {
  const shown = { host, resources, clients, created_at: written(createdAt) };
  return { ...shown, etag: etagOf(versionOfState(shown)) };
}
