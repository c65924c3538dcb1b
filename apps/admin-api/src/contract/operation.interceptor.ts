import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Response } from 'express';
import { firstValueFrom, from, type Observable } from 'rxjs';
import { Idempotency } from '../idempotency/idempotency.js';
import { Answer } from './answer.js';
import { type AdminRequest, readInput } from './input.js';
import { contractKey, type OperationContract } from './operation.js';
import { problemOf } from './problems.js';

/** Around every handler: reads the request by its contract, answers repeats, and writes what the handler answers. */
@Injectable()
export class OperationInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly idempotency: Idempotency,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return from(this.handle(context, next));
  }

  private async handle(context: ExecutionContext, next: CallHandler): Promise<unknown> {
    const contract = this.reflector.get<OperationContract>(contractKey, context.getHandler());
    const request = context.switchToHttp().getRequest<AdminRequest>();
    const response = context.switchToHttp().getResponse<Response>();
    const work = async (): Promise<unknown> => firstValueFrom(next.handle(), { defaultValue: undefined });
    try {
      request.input = { ...readInput(contract, request), signal: goneAway(response) };
      const answer = contract.idempotent ? await this.idempotency.once(request, work) : await work();
      return write(response, answer);
    } catch (error) {
      throw problemOf(error);
    }
  }
}

/** Handlers that write their own answer (streams, pages) return nothing. */
function write(response: Response, answer: unknown): unknown {
  if (!(answer instanceof Answer)) return undefined;
  response.status(answer.status);
  for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value);
  return answer.body;
}

function goneAway(response: Response): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  return gone.signal;
}
