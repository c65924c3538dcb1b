import { OperatorStore } from '@curfew/accounts';
import { FullAdministrators } from '@curfew/clients';
import { adminScopeNames } from '@curfew/config/admin-scopes';
import { type Foundation, foundationToken } from '@curfew/foundation';
import { Module } from '@nestjs/common';
import { Authentication } from './authentication.js';
import { Authority } from './authority.js';
import { AuthorityStore } from './authority.store.js';
import { CallerLimits } from './limits.js';

const administratorsOn = ({ prisma, configuration: { adminUrl } }: Foundation): FullAdministrators =>
  new FullAdministrators(prisma, { audience: adminUrl, scopes: adminScopeNames });

const operatorsOn = ({ prisma }: Foundation): OperatorStore => new OperatorStore(prisma);

/** One rule of who may change what, for every controller. */
const authorityOn = (
  { configuration: { adminUrl }, events }: Foundation,
  operators: OperatorStore,
  administrators: FullAdministrators,
): Authority => new Authority({ adminUrl, operators, store: new AuthorityStore(), administrators, events });

const authenticationOn = (foundation: Foundation, operators: OperatorStore): Authentication => {
  const { adminUrl, proxy } = foundation.configuration;
  return new Authentication({
    ...foundation,
    adminUrl,
    operators,
    certificateHeader: proxy.clientCertificateHeader,
  });
};

/** Authentication of callers, and the rules of their authority. */
@Module({
  providers: [
    { provide: OperatorStore, useFactory: operatorsOn, inject: [foundationToken] },
    CallerLimits,
    { provide: FullAdministrators, useFactory: administratorsOn, inject: [foundationToken] },
    {
      provide: Authority,
      useFactory: authorityOn,
      inject: [foundationToken, OperatorStore, FullAdministrators],
    },
    { provide: Authentication, useFactory: authenticationOn, inject: [foundationToken, OperatorStore] },
  ],
  exports: [OperatorStore, CallerLimits, FullAdministrators, Authority, Authentication],
})
export class AccessModule {}
