type Json = Readonly<Record<string, unknown>>;

/** Texts that stand for a value; the first that a pattern and the bounds of a schema allow is shown. */
const texts = [
  'shop-web',
  '0197c9a2-6f3a-7c41-9d0e-5b2a8c1f4e60',
  '2026-01-15',
  '15m',
  '10%',
  '42',
  'https://orders.example.com',
  'orders.example.com',
  '/orders/*',
  'GET',
  'orders:read',
  '1.42.0197c9a2-6f3a-7c41-9d0e-5b2a8c1f4e60',
  'a3f1'.repeat(16),
  'example',
] as const;

/** Texts by the format of a schema. */
const byFormat: Readonly<Record<string, string>> = {
  uuid: texts[1],
  'date-time': '2026-01-15T09:30:00Z',
  uri: 'https://shop.example.com/callback',
  password: 'five plain words in a row',
};

/** Texts by the name of a member, where no rule of its schema says what it is about. */
const byName: Readonly<Record<string, string>> = {
  username: 'ada@example.com',
  client_id: 'shop-web',
  client: 'shop-web',
  client_name: 'Shop',
  resources: 'https://orders.example.com',
  resource: 'https://orders.example.com',
  audience: 'https://orders.example.com',
  network: '192.0.2.0/24',
  user_agent_family: 'Firefox',
  name: 'Shop',
  note: 'Asked for by the person, ticket 4711',
  scope: 'openid offline_access',
  country: 'DE',
  ip: '192.0.2.7',
  browser: 'mZ3v0S8kq1JtYh2c',
  uid: 'mZ3v0S8kq1JtYh2c',
  operating_system: 'Windows',
  from: '2026-01-15T00:00:00Z',
  to: '2026-01-16T00:00:00Z',
};

/** Members that are null as long as nothing has ended and nothing follows. */
const nullAtFirst = /^(ended_\w+|end_\w+|disabled_at|next_cursor|device_id|tls_fingerprint|asn)$/;

/** Members deeper than this are left out where they may be absent. */
const maxDepth = 6;

/** Makes examples for the schemas of one document. */
export class Examples {
  constructor(private readonly named: Readonly<Record<string, Json>>) {}

  /** A value that the schema allows, the same at every time; the name of its member decides where the schema leaves it open. */
  of(schema: Json, name = '', depth = 0): unknown {
    const reference = schema['$ref'];
    if (typeof reference === 'string')
      return this.of(this.named[reference.split('/').at(-1)!] ?? {}, name, depth);
    if ('const' in schema) return schema['const'];
    if ('default' in schema) return schema['default'];
    const choices = listOf(schema['enum']);
    if (choices.length > 0) return choices[0];
    if (nullAtFirst.test(name) && mayBeNull(schema)) return null;
    const [branch] = branchesOf(schema);
    if (branch) return this.of(branch, name, depth);
    switch (typeOf(schema)) {
      case 'string':
        return textFor(schema, name);
      case 'integer':
      case 'number':
        return numberFor(schema, name);
      case 'boolean':
        return true;
      case 'array':
        return this.#list(schema, name, depth);
      case 'object':
        return this.#object(schema, depth);
      default:
        return typeOf(schema) === 'null' ? null : {};
    }
  }

  #list({ items, minItems = 1, prefixItems }: Json, name: string, depth: number): unknown[] {
    const fixed = listOf(prefixItems) as Json[];
    if (fixed.length > 0) return fixed.map((item) => this.of(item, name, depth + 1));
    if (depth >= maxDepth && Number(minItems) < 1) return [];
    return Array.from({ length: Math.max(1, Number(minItems)) }, () =>
      this.of((items ?? {}) as Json, name, depth + 1),
    );
  }

  #object(schema: Json, depth: number): Record<string, unknown> {
    const properties = Object.entries((schema['properties'] ?? {}) as Record<string, Json>);
    const required = new Set(listOf(schema['required']));
    const shown = properties.filter(([name]) => required.has(name) || (required.size === 0 && depth < 2));
    const own = Object.fromEntries(shown.map(([name, member]) => [name, this.of(member, name, depth + 1)]));
    const { additionalProperties: others, propertyNames } = schema;
    if (properties.length > 0 || typeof others !== 'object' || Object.keys(others as Json).length === 0)
      return own;
    return {
      [String(this.of((propertyNames ?? { type: 'string' }) as Json))]: this.of(
        others as Json,
        '',
        depth + 1,
      ),
    };
  }
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const mayBeNull = (schema: Json): boolean =>
  listOf(schema['type']).includes('null') || branchesOf(schema).some(({ type }) => type === 'null');

const typeOf = ({ type }: Json): unknown => (Array.isArray(type) ? type.find((one) => one !== 'null') : type);

/** The alternatives of a schema, those that are not null first. */
function branchesOf({ anyOf, oneOf, allOf }: Json): readonly Json[] {
  const branches = [anyOf, oneOf, allOf].flatMap(listOf) as Json[];
  return [
    ...branches.filter(({ type }) => type !== 'null'),
    ...branches.filter(({ type }) => type === 'null'),
  ];
}

function textFor(
  { format, pattern, minLength = 0, maxLength = Number.POSITIVE_INFINITY }: Json,
  name: string,
): string {
  const known = byFormat[String(format)];
  if (known !== undefined) return known;
  const rule = typeof pattern === 'string' ? new RegExp(pattern, 'u') : /^/;
  const fits = (text: string | undefined): text is string =>
    text !== undefined &&
    rule.test(text) &&
    text.length >= Number(minLength) &&
    text.length <= Number(maxLength);
  return (
    [byName[name], ...(pattern === undefined ? ['example'] : []), ...texts].find(fits) ??
    'x'.repeat(Number(minLength))
  );
}

function numberFor({ minimum, maximum, exclusiveMinimum }: Json, name: string): number {
  const wished = /_in$|seconds|lifetime|timeout/i.test(name) ? 900 : 3;
  const least = Number(minimum ?? (exclusiveMinimum === undefined ? wished : Number(exclusiveMinimum) + 1));
  return Math.min(Math.max(wished, least), Number(maximum ?? wished));
}
