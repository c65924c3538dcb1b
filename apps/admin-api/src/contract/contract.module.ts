import { type Foundation, foundationToken } from '@curfew/foundation';
import { KeyRing, PayloadSeal } from '@curfew/tokens';
import { Global, Module } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { AccessModule } from '../access/access.module.js';
import { Idempotency } from '../idempotency/idempotency.js';
import { IdempotencyStore } from '../idempotency/idempotency.store.js';
import { StatsModule } from '../stats/stats.module.js';
import { Cursors } from './cursor.js';
import { OperationGuard } from './operation.guard.js';
import { OperationInterceptor } from './operation.interceptor.js';

const answersOn = ({ prisma, serviceKeys }: Foundation): IdempotencyStore =>
  new IdempotencyStore(prisma, new PayloadSeal(new KeyRing(serviceKeys.derive('idempotent answers'))));

const cursorsOn = ({ serviceKeys }: Foundation): Cursors =>
  new Cursors(new KeyRing(serviceKeys.derive('cursor')));

/** Authorization, idempotency and paging, for every operation. */
@Global()
@Module({
  imports: [AccessModule, StatsModule],
  providers: [
    Idempotency,
    { provide: IdempotencyStore, useFactory: answersOn, inject: [foundationToken] },
    { provide: Cursors, useFactory: cursorsOn, inject: [foundationToken] },
    { provide: APP_GUARD, useClass: OperationGuard },
    { provide: APP_INTERCEPTOR, useClass: OperationInterceptor },
  ],
  exports: [AccessModule, Cursors],
})
export class ContractModule {}
