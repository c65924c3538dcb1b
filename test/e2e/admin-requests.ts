import { randomUUID } from 'node:crypto';

type Json = Record<string, unknown>;

/** One operation as the document describes it. */
export interface DescribedOperation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly scope: string | null;
  /** Whether every token for this API is enough. */
  readonly anyCaller: boolean;
  /** Another scope that lets a caller in. */
  readonly orScope: string | null;
  readonly parameters: readonly { name: string; in: string; required: boolean; schema: Json }[];
  readonly body: Json | null;
  readonly bodyRequired: boolean;
  readonly answers: Readonly<Record<string, Json>>;
}

/** Every operation of an OpenAPI document. */
// biome-ignore lint/suspicious/noExplicitAny: a document is read as it comes
export function operationsOf(document: any): DescribedOperation[] {
  return Object.entries<Json>(document.paths).flatMap(([path, methods]) =>
    // biome-ignore lint/suspicious/noExplicitAny: a document is read as it comes
    Object.entries<any>(methods as any).map(([method, described]) => ({
      id: described.operationId,
      method: method.toUpperCase(),
      path,
      scope: described.security[0]?.accessToken[0] ?? null,
      anyCaller: described.security[0]?.accessToken.length === 0,
      orScope: described.security[2]?.accessToken[0] ?? null,
      parameters: described.parameters,
      body: described.requestBody?.content['application/json'].schema ?? null,
      bodyRequired: described.requestBody?.required ?? false,
      answers: described.responses,
    })),
  );
}

/** A value that fits a schema as well as a generator can tell; the things that it names do not exist. */
// biome-ignore lint/suspicious/noExplicitAny: a schema is read as it comes
export function exampleOf(schema: any, components: Json): unknown {
  if (schema.$ref) return exampleOf(components[schema.$ref.split('/').at(-1)], components);
  if (schema.const !== undefined) return schema.const;
  if (schema.default !== undefined) return schema.default;
  if (schema.enum) return schema.enum[0];
  if (schema.anyOf) return exampleOf(schema.anyOf[0], components);
  switch (schema.type) {
    case 'string':
      return textFor(schema);
    case 'integer':
    case 'number':
      return schema.minimum ?? 1;
    case 'boolean':
      return true;
    case 'array':
      return schema.minItems ? [exampleOf(schema.items, components)] : [];
    case 'object': {
      const required = (schema.required ?? []) as string[];
      const members = Object.entries(schema.properties ?? {}).filter(([name]) => required.includes(name));
      return Object.fromEntries(members.map(([name, member]) => [name, exampleOf(member, components)]));
    }
    default:
      return null;
  }
}

const textFor = ({ format, pattern = '' }: { format?: string; pattern?: string }): string => {
  if (format === 'uuid') return randomUUID();
  if (format === 'date-time') return '2030-01-01T00:00:00Z';
  if (pattern.includes('\\d{1,20}')) return `1.1.${randomUUID()}`;
  return 'nothing-of-this-name';
};

/** The target of a request for an operation, with made-up path parameters. */
export function targetOf(
  operation: DescribedOperation,
  components: Json,
  given: Record<string, string> = {},
): string {
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const parameter = operation.parameters.find((one) => one.in === 'path' && one.name === name);
    return encodeURIComponent(given[name] ?? String(exampleOf(parameter!.schema, components)));
  });
  return path;
}
