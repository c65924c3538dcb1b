import { EventLog } from '@curfew/events';
import {
  maxTransmitters,
  type Transmitter,
  type TransmitterFields,
  Transmitters,
} from '@curfew/events/transmitters';
import { type Foundation, foundationToken } from '@curfew/foundation';
import { PrismaService } from '@curfew/persistence';
import { Inject, Injectable } from '@nestjs/common';
import { Authority } from '../access/authority.js';
import { plainFault } from '../other-services/plain-issuer.js';
import { refuseMember, ServiceActs } from '../other-services/service-acts.js';

const kind = {
  target: { kind: 'transmitter' },
  unknown: { code: 'unknown_transmitter', detail: 'There is no transmitter with this id.' },
  taken: {
    code: 'transmitter_exists',
    detail: `There is a transmitter with this id or this issuer, or there are ${maxTransmitters} already.`,
  },
  secret: 'authorization',
  secretFor: {
    issuer: 'issuer',
    endpointUrl: 'endpoint_url',
    tokenEndpoint: 'token_endpoint',
    clientId: 'client_id',
  },
} as const;

/** Acts of operators on transmitters. */
@Injectable()
export class TransmitterActs extends ServiceActs<TransmitterFields, Transmitter> {
  private readonly own: string;

  constructor(
    store: Transmitters,
    prisma: PrismaService,
    events: EventLog,
    authority: Authority,
    @Inject(foundationToken) foundation: Foundation,
  ) {
    super(kind, { store, prisma, events, authority, foundation });
    this.own = foundation.configuration.issuer;
  }

  protected check(wanted: TransmitterFields): void {
    const { issuer, jwksUri, delivery, endpointUrl } = wanted;
    if (issuer === this.own) refuse('issuer', 'must be another service than this one');
    refuse('issuer', this.addressFault(issuer) ?? plainFault(issuer));
    if (jwksUri !== null) refuse('jwks_uri', this.addressFault(jwksUri));
    if (delivery === 'push' && endpointUrl !== null)
      refuse('endpoint_url', 'must be null where the transmitter pushes');
    if (delivery === 'poll' && endpointUrl === null)
      refuse('endpoint_url', 'must be the address that is polled');
    if (endpointUrl !== null) refuse('endpoint_url', this.addressFault(endpointUrl));
    this.checkTokens(wanted);
  }

  private checkTokens({ delivery, tokenEndpoint, clientId, tokenScope }: TransmitterFields): void {
    if (tokenEndpoint === null) {
      if (clientId !== null) refuse('client_id', 'must be null without a token_endpoint');
      if (tokenScope !== null) refuse('token_scope', 'must be null without a token_endpoint');
      return;
    }
    if (delivery === 'push') refuse('token_endpoint', 'must be null where the transmitter pushes');
    if (clientId === null) refuse('client_id', 'must be given with a token_endpoint');
    refuse('token_endpoint', this.addressFault(tokenEndpoint));
  }
}

const refuse = (member: string, fault: string | null): void =>
  refuseMember('invalid_transmitter', member, fault);
