import { Clock } from '@curfew/clock';
import { EventLog } from '@curfew/events';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Response } from 'express';
import { adminActed } from '../access/acts.js';
import { Authentication } from '../access/authentication.js';
import { insufficientScope } from '../access/challenge.js';
import { CallerLimits } from '../access/limits.js';
import { Metrics } from '../stats/metrics.js';
import type { AdminRequest } from './input.js';
import { contractKey, type OperationContract } from './operation.js';

/** Admits a request whose token is valid and has the scope of its operation. A handler without a contract is never called. */
@Injectable()
export class OperationGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly authentication: Authentication,
    private readonly limits: CallerLimits,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
    private readonly events: EventLog,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const contract = this.reflector.get<OperationContract | undefined>(contractKey, context.getHandler());
    if (!contract) return false;
    const request = context.switchToHttp().getRequest<AdminRequest>();
    request.receivedAt = this.clock.now();
    this.measure(contract, context.switchToHttp().getResponse<Response>());
    if (contract.scope === null && !contract.anyCaller) return true;
    const { caller, scheme } = await this.authentication.callerOf(request, request.receivedAt);
    this.limits.take(caller, request.receivedAt);
    if (
      contract.scope !== null &&
      ![contract.scope, contract.orScope].some((scope) => scope !== undefined && caller.scopes.has(scope))
    ) {
      this.events.soon(adminActed(caller, contract.id, null, request.receivedAt, { outcome: 'refused' }));
      throw insufficientScope(contract.scope, scheme);
    }
    request.caller = caller;
    return true;
  }

  private measure({ id }: OperationContract, response: Response): void {
    const stop = this.metrics.duration.startTimer({ operation: id });
    response.once('close', () => {
      stop();
      this.metrics.requests.inc({ operation: id, status: response.statusCode });
    });
  }
}
