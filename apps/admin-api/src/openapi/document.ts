import { adminScopes } from '@curfew/config/admin-scopes';
import { z } from 'zod';
import type { AnswerContract, OperationContract, Tag } from '../contract/operation.js';
import { withExamples } from './document-examples.js';

type Json = Record<string, unknown>;

const tags: Record<Tag, string> = {
  sessions: 'What lives, what ended and why; and the end of it.',
  browsers: 'Where people are signed in, and the end of that.',
  policies: 'How long sessions live and what ends them, attached to clients, APIs or everyone.',
  insight: 'What timeouts cost and save, estimated from counts of silences.',
  clients: 'Registered clients, by the names of RFC 7591.',
  resources: 'Registered APIs: audience, scopes, form of their tokens.',
  accounts: 'People who sign in, what they allowed, and who of them may administer.',
  keys: 'Signing keys.',
  events: 'What happened, as it happens.',
  receivers: 'Who is told of events: webhooks, logout receivers, streams; and who follows ends.',
  compliance: 'The demands of documents, the settings that meet them, and the evidence.',
  service: 'The service itself.',
};

/** Headers that operations take beside their own parameters. */
const ifMatch: Json = {
  name: 'If-Match',
  in: 'header',
  required: true,
  description: 'The ETag the change is made from. Without it 428, with another one 412.',
  schema: { type: 'string' },
  example: '"3"',
};
const ifSeen: Json = {
  ...ifMatch,
  required: false,
  description: 'The ETag of what the caller saw. Where something else is there by now, nothing is done: 412.',
};
const idempotencyKey: Json = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'A key of your own; a repeat with the same key within a day gets the first answer again.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
};

/** The OpenAPI 3.1 document of these operations, from the schemas that validate them. */
export function openApiDocument(contracts: readonly OperationContract[]): Json {
  const paths: Record<string, Json> = {};
  const schemas = new Schemas();
  for (const contract of contracts)
    paths[contract.path] = { ...paths[contract.path], [contract.method]: describe(contract, schemas) };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Curfew admin API',
      version: '1',
      summary: 'Sees, searches and ends sessions, and keeps everything they depend on.',
      description:
        'Protected by access tokens of the same installation, made for this API as their resource (RFC 8707). Tokens bound to a key (DPoP, RFC 9449) are sent with a proof. Errors are problem details (RFC 9457) with a stable `code`. Instants are RFC 3339 in UTC, durations are whole seconds unless a unit is written.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths: withExamples(paths, schemas.named),
    components: {
      schemas: { Problem: problemSchema, ...schemas.named },
      responses: schemas.problems,
      securitySchemes,
    },
  };
}

function describe(contract: OperationContract, schemas: Schemas): Json {
  const { id, tag, summary, description, scope, orScope, answers } = contract;
  const admitting = [scope, orScope].filter((one) => one !== null && one !== undefined);
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    security: contract.anyCaller
      ? [{ accessToken: [] }, { dpop: [] }]
      : admitting.flatMap((one) => [{ accessToken: [one] }, { dpop: [one] }]),
    parameters: parametersOf(contract, schemas),
    ...bodyOf(contract, schemas),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, answer]) => [status, answerOf(answer, schemas)]),
      ),
      ...problemsOf(contract, schemas),
    },
  };
}

function parametersOf(contract: OperationContract, schemas: Schemas): Json[] {
  const { params, query, ifMatch: versioned, idempotent } = contract;
  return [
    ...membersOf(params, 'path', schemas),
    ...membersOf(query, 'query', schemas),
    ...(versioned === true ? [ifMatch] : versioned ? [ifSeen] : []),
    ...(idempotent ? [idempotencyKey] : []),
  ];
}

function membersOf(schema: z.ZodObject | undefined, where: 'path' | 'query', schemas: Schemas): Json[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = schemas.of(schema, 'input') as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...member }]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: member,
  }));
}

function bodyOf({ body, bodyOptional }: OperationContract, schemas: Schemas): Json {
  if (!body) return {};
  const content = { 'application/json': { schema: schemas.of(body, 'input') } };
  return { requestBody: { required: bodyOptional !== true, content } };
}

function answerOf(
  { description, schema, mediaType = 'application/json', headers = {} }: AnswerContract,
  schemas: Schemas,
): Json {
  const described = Object.entries(headers).map(
    ([name, text]) => [name, { description: text, schema: { type: 'string' } }] as const,
  );
  return {
    description,
    ...(described.length === 0 ? {} : { headers: Object.fromEntries(described) }),
    ...(schema ? { content: { [mediaType]: { schema: schemas.of(schema, 'output') } } } : {}),
  };
}

/** The codes an operation may answer with, its own and those that follow from what it takes. */
function problemsOf(contract: OperationContract, schemas: Schemas): Json {
  const codes = new Map<number, string[]>();
  const add = (status: number, ...more: readonly string[]) =>
    codes.set(status, [...new Set([...(codes.get(status) ?? []), ...more])]);
  if (contract.scope !== null || contract.anyCaller) {
    add(400, 'invalid_request');
    add(401, 'unauthenticated', 'invalid_token', 'invalid_dpop_proof');
    if (contract.scope !== null) add(403, 'insufficient_scope');
    add(429, 'too_many_requests');
    add(503, 'unavailable');
  }
  if (contract.body) add(413, 'content_too_large').set(415, ['unsupported_media_type']);
  if (contract.ifMatch) add(412, 'version_conflict');
  if (contract.ifMatch === true) add(428, 'precondition_required');
  if (contract.idempotent) add(409, 'request_under_way').set(422, ['idempotency_key_reused']);
  if (contract.idempotent) add(400, 'invalid_idempotency_key');
  for (const [status, own] of Object.entries(contract.problems ?? {})) add(Number(status), ...own);
  return Object.fromEntries(
    [...codes].sort(([a], [b]) => a - b).map(([status, own]) => [status, schemas.problem(own)]),
  );
}

/** Schemas with a name of their own stand once, under components. */
class Schemas {
  readonly named: Record<string, Json> = {};
  readonly problems: Record<string, Json> = {};

  /** The answer with one of these codes; answers with the same codes are one. */
  problem(codes: readonly string[]): Json {
    const name = codes.join('.');
    this.problems[name] ??= {
      description: `Problem: ${codes.map((code) => `\`${code}\``).join(', ')}.`,
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    };
    return { $ref: `#/components/responses/${name}` };
  }

  /** A schema as JSON Schema 2020-12; a request may be laxer than its response. */
  of(schema: z.ZodType, io: 'input' | 'output'): Json {
    const {
      $schema: _,
      $defs = {},
      ...rest
    } = z.toJSONSchema(schema, {
      io,
      target: 'draft-2020-12',
      unrepresentable: 'any',
      override: ({ jsonSchema }) => {
        // The name of the format says it; the pattern would fill pages.
        if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
      },
    }) as { $schema?: string; $defs?: Record<string, Json> } & Json;
    for (const [name, { id: _id, ...definition }] of Object.entries($defs))
      this.named[name] = pointed(definition);
    const { id: _id, ...own } = rest;
    return pointed(own);
  }
}

/** References into the components of the whole document. */
const pointed = (schema: Json): Json =>
  JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/')) as Json;

const problemSchema: Json = {
  type: 'object',
  required: ['type', 'title', 'status', 'code'],
  properties: {
    type: { type: 'string', format: 'uri' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string', description: 'Stable; programs may compare it.' },
    requestId: { type: 'string', description: 'Also in X-Request-Id and in the log.' },
    faults: {
      type: 'array',
      items: {
        type: 'object',
        required: ['at', 'detail'],
        properties: { at: { type: 'string' }, detail: { type: 'string' } },
      },
    },
  },
};

const securitySchemes: Json = {
  accessToken: {
    type: 'oauth2',
    description: 'An access token of this installation with the address of the admin API as its resource.',
    flows: { clientCredentials: { tokenUrl: '/token', scopes: adminScopes } },
  },
  dpop: { type: 'http', scheme: 'dpop', description: 'The same, bound to a key (RFC 9449).' },
};
