import type { IncomingMessage } from 'node:http';
import { type ReadFault, readFaults } from '@curfew/config';
import type { Instant } from '@curfew/session-policy';
import { ProblemError, type ProblemFault } from '@curfew/web';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { z } from 'zod';
import type { Caller } from '../access/caller.js';
import type { OperationContract } from './operation.js';

type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined;

/** The input of a handler: the parts of the request by its contract, and the caller. */
export interface InputOf<C extends OperationContract> {
  readonly params: Parsed<C['params']>;
  readonly query: Parsed<C['query']>;
  readonly body: Parsed<C['body']>;
  /** The version named by If-Match, where the contract asks for one. */
  readonly version: number;
  /** The ETag of what the caller saw, where the contract lets one be named and they named one. */
  readonly seen: string | undefined;
  /** Absent for operations that are open to everybody. */
  readonly caller: Caller;
  /** Read once, when the request arrived. */
  readonly now: Instant;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
}

/** A request on its way through guard and interceptor. */
export interface AdminRequest extends Request {
  id: string;
  receivedAt: Instant;
  caller?: Caller;
  input?: unknown;
}

/** The validated request; usable in handlers of operations only. */
export const Input = createParamDecorator(
  (_: unknown, context: ExecutionContext) => context.switchToHttp().getRequest<AdminRequest>().input,
);

/** Reads a request by its contract; throws one problem that names every fault, and every unknown member, and repeats no value. */
export function readInput(contract: OperationContract, request: AdminRequest) {
  const faults: ProblemFault[] = [];
  const read = (schema: z.ZodType | undefined, value: unknown, at: string): unknown => {
    if (!schema) return undefined;
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    faults.push(...readFaults(result.error, schema).map((fault) => faultAt(at, fault)));
    return undefined;
  };
  const params = read(contract.params, storable(request.params, 'path', faults), 'path');
  const query = read(contract.query ?? noQuery, storable(queryOf(request, faults), 'query', faults), 'query');
  const body = read(contract.body, storable(bodyOf(contract, request), 'body', faults), 'body');
  if (faults.length > 0)
    throw new ProblemError({
      status: 400,
      code: 'invalid_request',
      title: 'The request is not valid',
      faults: faults.slice(0, 20),
    });
  const version = contract.ifMatch === true ? versionOf(request) : 0;
  const seen = contract.ifMatch === 'optional' ? request.headers['if-match'] : undefined;
  return { params, query, body, version, seen, caller: request.caller, now: request.receivedAt };
}

const noQuery = z.strictObject({});

/** A fault with its place as problems write it; a part with a slash in it is escaped as in RFC 6901 §3. */
export const faultAt = (at: string, { path, detail }: ReadFault): ProblemFault => ({
  at: [at, ...path.map((part) => String(part).replaceAll('~', '~0').replaceAll('/', '~1'))]
    .join('/')
    .slice(0, 700),
  detail,
});

/** A query as name and value; a name that stands twice is a list, which only some parameters take. */
function queryOf(request: Request, faults: ProblemFault[]): Record<string, string | string[]> {
  const url = request.url;
  const start = url.indexOf('?');
  const text = start === -1 ? '' : url.slice(start + 1);
  if (/%(?![0-9a-fA-F]{2})/.test(text))
    faults.push({ at: 'query', detail: 'is not percent-encoded properly' });
  const values = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(text))
    values.set(name, [...(values.get(name) ?? []), value]);
  const entries = [...values].map(([name, list]) => [name, list.length === 1 ? list[0]! : list] as const);
  return Object.fromEntries(entries);
}

/** RFC 8259 §8.1: JSON between systems is UTF-8; other charsets are a way past filters. SCIM has a media type of its own (RFC 7644 §8.1). */
export const isJson = ({ headers }: Pick<IncomingMessage, 'headers'>): boolean =>
  /^application\/(?:scim\+)?json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(headers['content-type'] ?? '');

function bodyOf(contract: OperationContract, request: Request): unknown {
  const { body } = request as { body?: unknown };
  if (!contract.body) return undefined;
  const sent =
    request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
  if (sent && !isJson(request))
    throw new ProblemError({
      status: 415,
      code: 'unsupported_media_type',
      detail: 'Send application/json, not compressed.',
    });
  if (body === undefined && contract.bodyOptional) return {};
  return body;
}

/** Finds a text that no column can hold. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: PostgreSQL's text cannot hold it
export const unstorable = /\u0000|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
const deepest = 32;

/** Passes a value on and notes texts that no column can hold; PostgreSQL would answer them with an error. */
function storable(value: unknown, at: string, faults: ProblemFault[]): unknown {
  const queue: { value: unknown; depth: number }[] = [{ value, depth: 0 }];
  for (let next = queue.pop(); next; next = queue.pop()) {
    if (typeof next.value === 'string' && unstorable.test(next.value)) {
      faults.push({ at, detail: 'has a text with characters that cannot be stored' });
      return undefined;
    }
    if (typeof next.value !== 'object' || next.value === null) continue;
    if (next.depth >= deepest) {
      faults.push({ at, detail: 'is nested too deeply' });
      return undefined;
    }
    const depth = next.depth + 1;
    for (const [name, member] of Object.entries(next.value))
      queue.push({ value: name, depth }, { value: member, depth });
  }
  return value;
}

/** RFC 9110 §13.1.1: the version a change was made from; RFC 6585 §3 if it is missing. */
function versionOf(request: Request): number {
  const header = request.headers['if-match'];
  if (header === undefined)
    throw new ProblemError({
      status: 428,
      code: 'precondition_required',
      detail: 'Send If-Match with the ETag the change was made from.',
    });
  const version = /^"(\d{1,9})"$/.exec(header)?.[1];
  // A tag of another form was never handed out, so it cannot match.
  if (version === undefined) throw versionConflict();
  return Number(version);
}

/** 412: somebody else has changed it since it was read. */
export const versionConflict = (): ProblemError =>
  new ProblemError({
    status: 412,
    code: 'version_conflict',
    detail: 'It was changed since it was read, or the ETag is not of this resource. Read it again.',
  });
