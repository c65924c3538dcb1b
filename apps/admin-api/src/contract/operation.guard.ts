import { Clock } from '@curfew/clock';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { Authentication } from '../access/authentication.js';
import { insufficientScope } from '../access/challenge.js';
import { CallerLimits } from '../access/limits.js';
import type { AdminRequest } from './input.js';
import { contractKey, type OperationContract } from './operation.js';

/** Lets a request in whose token is good and has the scope its operation asks for. What is not an operation is not let in. */
@Injectable()
export class OperationGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly authentication: Authentication,
    private readonly limits: CallerLimits,
    private readonly clock: Clock,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const contract = this.reflector.get<OperationContract | undefined>(contractKey, context.getHandler());
    if (!contract) return false;
    const request = context.switchToHttp().getRequest<AdminRequest>();
    request.receivedAt = this.clock.now();
    if (contract.scope === null) return true;
    const { caller, scheme } = await this.authentication.callerOf(request, request.receivedAt);
    if (!caller.scopes.has(contract.scope)) throw insufficientScope(contract.scope, scheme);
    this.limits.take(caller, request.receivedAt);
    request.caller = caller;
    return true;
  }
}
