import {
  type IdentityProvider,
  type IdentityProviderFields,
  IdentityProviders,
} from '@curfew/accounts/identity-providers';
import { EventLog } from '@curfew/events';
import { type Foundation, foundationToken } from '@curfew/foundation';
import { PrismaService } from '@curfew/persistence';
import { Inject, Injectable } from '@nestjs/common';
import { Authority } from '../access/authority.js';
import { plainFault } from '../other-services/plain-issuer.js';
import { refuseMember, ServiceActs } from '../other-services/service-acts.js';

const kind = {
  target: { kind: 'identity_provider' },
  unknown: { code: 'unknown_identity_provider', detail: 'There is no identity provider with this id.' },
  taken: {
    code: 'identity_provider_exists',
    detail: 'There is an identity provider with this id or this issuer.',
  },
  secret: 'client_secret',
  secretFor: { issuer: 'issuer', clientId: 'client_id' },
} as const;

/** Acts of operators on identity providers. */
@Injectable()
export class ProviderActs extends ServiceActs<IdentityProviderFields, IdentityProvider> {
  constructor(
    store: IdentityProviders,
    prisma: PrismaService,
    events: EventLog,
    authority: Authority,
    @Inject(foundationToken) foundation: Foundation,
  ) {
    super(kind, { store, prisma, events, authority, foundation });
  }

  protected check({ issuer }: IdentityProviderFields): void {
    refuseMember('invalid_issuer', 'issuer', this.addressFault(issuer) ?? plainFault(issuer));
  }
}
