import { FullAdministrators } from '@curfew/clients';
import { adminScopeNames } from '@curfew/config';
import { type Foundation, foundationToken } from '@curfew/foundation';
import { Module } from '@nestjs/common';
import { Authentication } from './authentication.js';
import { Authority } from './authority.js';
import { AuthorityStore } from './authority.store.js';
import { CallerLimits } from './limits.js';
import { Operators } from './operators.store.js';

const administratorsOn = ({ prisma, configuration: { adminUrl } }: Foundation): FullAdministrators =>
  new FullAdministrators(prisma, { audience: adminUrl, scopes: adminScopeNames });

/** One rule of who may change what, for every controller. */
const authorityOn = (
  { configuration: { adminUrl }, events }: Foundation,
  operators: Operators,
  administrators: FullAdministrators,
): Authority => new Authority({ adminUrl, operators, store: new AuthorityStore(), administrators, events });

const authenticationOn = (foundation: Foundation, operators: Operators): Authentication => {
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
    Operators,
    CallerLimits,
    { provide: FullAdministrators, useFactory: administratorsOn, inject: [foundationToken] },
    {
      provide: Authority,
      useFactory: authorityOn,
      inject: [foundationToken, Operators, FullAdministrators],
    },
    { provide: Authentication, useFactory: authenticationOn, inject: [foundationToken, Operators] },
  ],
  exports: [Operators, CallerLimits, FullAdministrators, Authority, Authentication],
})
export class AccessModule {}
