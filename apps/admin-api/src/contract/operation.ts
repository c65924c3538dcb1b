import type { AdminScope } from '@curfew/config/admin-scopes';
import { applyDecorators, RequestMapping, RequestMethod, SetMetadata } from '@nestjs/common';
import type { z } from 'zod';

/** One successful answer of an operation. */
export interface AnswerContract {
  readonly description: string;
  /** Absent for an answer without a JSON body. */
  readonly schema?: z.ZodType;
  /** The media type, if it is not application/json. */
  readonly mediaType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Headings of the document, in its order. */
export type Tag =
  | 'browsers'
  | 'sessions'
  | 'policies'
  | 'insight'
  | 'clients'
  | 'resources'
  | 'accounts'
  | 'keys'
  | 'events'
  | 'receivers'
  | 'compliance'
  | 'service';

/**
 * Everything there is to say about one operation. Requests are validated by it, the OpenAPI document is generated from it, and
 * the tests of authorization and of hostile input are generated from that.
 */
export interface OperationContract {
  /** Stable; also the name under which events tell of it. */
  readonly id: string;
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** As OpenAPI writes it: `/v1/sessions/{id}`. */
  readonly path: string;
  readonly tag: Tag;
  readonly summary: string;
  readonly description?: string;
  /** null: open to everybody, or, with `anyCaller`, to everybody with a token for this API. */
  readonly scope: AdminScope | null;
  readonly anyCaller?: true;
  /** Another scope that also admits a caller; the handler decides what each scope opens. */
  readonly orScope?: AdminScope;
  /**
   * A change that hands out, takes over, weakens or removes nobody's power over the admin API. Every other change is tried on targets that
   * may do more than its caller.
   */
  readonly powerless?: true;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** Whether the body may be left out. */
  readonly bodyOptional?: boolean;
  /** A change must name the version it was made from (RFC 9110 §13.1.1); `optional`: an act may name the ETag of what its caller saw. */
  readonly ifMatch?: true | 'optional';
  /** Repeats with the same Idempotency-Key get the first answer again. */
  readonly idempotent?: true;
  readonly answers: Readonly<Record<number, AnswerContract>>;
  /** Codes of problems beyond those every operation may answer with, by status. */
  readonly problems?: Readonly<Record<number, readonly string[]>>;
}

/** The metadata key of a handler's contract. */
export const contractKey = 'curfew:operation';

const methods = {
  get: RequestMethod.GET,
  post: RequestMethod.POST,
  put: RequestMethod.PUT,
  patch: RequestMethod.PATCH,
  delete: RequestMethod.DELETE,
} as const;

/** Makes a controller's method the handler of an operation. */
export const Operation = (contract: OperationContract): MethodDecorator =>
  applyDecorators(
    SetMetadata(contractKey, contract),
    RequestMapping({
      path: contract.path.replace(/\{(\w+)\}/g, ':$1'),
      method: methods[contract.method],
    }),
  );

/** States a contract and keeps its exact types, so that the handler's input is typed by it. */
export const operation = <const C extends OperationContract>(contract: C): C => contract;
