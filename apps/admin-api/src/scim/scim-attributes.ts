import { ProblemError } from '@curfew/web';

/** The schemas of SCIM (RFC 7643 §8.7, RFC 7644 §8.2). */
export const schemas = {
  user: 'urn:ietf:params:scim:schemas:core:2.0:User',
  enterprise: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
  configuration: 'urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig',
  resourceType: 'urn:ietf:params:scim:schemas:core:2.0:ResourceType',
  schema: 'urn:ietf:params:scim:schemas:core:2.0:Schema',
  list: 'urn:ietf:params:scim:api:messages:2.0:ListResponse',
  patch: 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
} as const;

/** The attributes that are kept, as far as a client wishes them; null takes one away. */
export interface ScimWish {
  readonly userName?: string;
  readonly externalId?: string | null;
  readonly displayName?: string | null;
  readonly email?: string | null;
  readonly active?: boolean;
}

/** A refusal of a value (RFC 7644 §3.12); it names the attribute and repeats nothing. */
const invalidValue = (detail: string): ProblemError =>
  new ProblemError({ status: 400, code: 'invalid_value', detail });
const invalidPath = (): ProblemError =>
  new ProblemError({ status: 400, code: 'invalid_path', detail: 'The path names no attribute of a User.' });
/** A refusal of a change that is made another way. */
const unchangeable = (detail: string): ProblemError =>
  new ProblemError({ status: 400, code: 'mutability', detail });

/** Attributes of a User that nothing here keeps (RFC 7643 §4.1): clients send them all the same. */
const unkept: ReadonlySet<string> = new Set(
  'schemas id meta groups name nickname profileurl title usertype preferredlanguage locale timezone phonenumbers ims photos addresses entitlements roles x509certificates'.split(
    ' ',
  ),
);

const isMembers = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A text, or null for none; clients write "" as well. */
function textOf(name: string, value: unknown): string | null {
  if (value === null || value === '' || value === undefined) return null;
  if (typeof value !== 'string') throw invalidValue(`${name} must be a text`);
  return value;
}

/** true or false, also as a text: Microsoft Entra sends "False". */
function flagOf(value: unknown): boolean {
  const written = typeof value === 'string' ? value.toLowerCase() : value;
  if (written === true || written === 'true') return true;
  if (written === false || written === 'false') return false;
  throw invalidValue('active must be true or false');
}

/** The address that counts of a list of them: the primary one, else the first. */
function addressOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  const list = Array.isArray(value) ? value : [value];
  if (!list.every(isMembers)) throw invalidValue('emails must be a list of addresses with a value');
  const chosen = list.find((one) => memberOf(one, 'primary') === true) ?? list[0];
  return chosen === undefined ? null : textOf('emails', memberOf(chosen, 'value'));
}

/** The wish of a value of a whole address; one without an address among its members wishes for nothing that is kept. */
function wholeAddressWish(value: unknown): ScimWish {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (!list.every(isMembers)) throw invalidValue('An address of emails must have attributes as its value');
  const isMark = list.length > 0 && list.every((one) => memberOf(one, 'value') === undefined);
  return isMark ? {} : { email: addressOf(list) };
}

/** The name of an attribute without the URN of its schema, in lower case: names compare without case (RFC 7643 §2.1). */
const plain = (name: string): string => {
  const lower = name.toLowerCase();
  const core = `${schemas.user.toLowerCase()}:`;
  return lower.startsWith(core) ? lower.slice(core.length) : lower;
};

/** The paths by which clients name the one address that is kept, which is shown as primary and of the type work. */
const addressPath = /^emails(\[(type eq "work"|primary eq (true|"true"))\])?\.value$/;
const wholeAddressPath = /^emails\[(type eq "work"|primary eq (true|"true"))\]$/;
/** The paths of addresses of other types, and of the other members of an address: neither are kept. */
const unkeptAddressPath =
  /^emails(\[(type eq "[a-z]{1,20}"|primary eq (true|"true"))\])?(\.(value|type|primary|display))?$/;

/** The wish that one attribute expresses. @throws ProblemError */
export function wishOf(path: string, value: unknown): ScimWish {
  const name = plain(path);
  switch (name) {
    case 'username': {
      const userName = textOf('userName', value);
      if (userName === null) throw invalidValue('userName must be a text of at least one character');
      return { userName };
    }
    case 'externalid':
      return { externalId: textOf('externalId', value) };
    case 'displayname':
      return { displayName: textOf('displayName', value) };
    case 'active':
      return { active: flagOf(value) };
    case 'emails':
      return { email: addressOf(value) };
    case 'password':
      throw unchangeable('A password is set by PUT /v1/accounts/{id}/password, which ends sessions.');
    case schemas.user.toLowerCase():
      if (!isMembers(value)) throw invalidValue('The schema of a User must have attributes as its value');
      return wishesIn(value);
  }
  if (addressPath.test(name)) return { email: textOf('emails', value) };
  if (wholeAddressPath.test(name)) return wholeAddressWish(value);
  if (unkeptAddressPath.test(name) || `${name}:`.startsWith(`${schemas.enterprise.toLowerCase()}:`))
    return {};
  const [first = ''] = name.split(/[.[]/, 1);
  if (unkept.has(first)) return {};
  throw invalidPath();
}

/**
 * The wishes of a whole User, or of the value of an operation without path. Its attributes may stand below the name of their schema; those of
 * the enterprise extension are not kept, and another name is refused as every unknown one. @throws ProblemError
 */
export const wishesIn = (resource: Readonly<Record<string, unknown>>): ScimWish =>
  together(Object.entries(resource).map(([name, value]) => wishOf(name, value)));

/** Wishes as one; a later one counts. */
const together = (wishes: readonly ScimWish[]): ScimWish => Object.assign({}, ...wishes);

/** One operation of a PATCH (RFC 7644 §3.5.2). */
export interface PatchOperation {
  readonly op: string;
  readonly path?: string | undefined;
  readonly value?: unknown;
}

/** The wish that the operations of a PATCH express together; the name of an operation compares without case. @throws ProblemError */
export const patchedWish = (operations: readonly PatchOperation[]): ScimWish =>
  together(operations.map(operationWish));

function operationWish({ op, path, value }: PatchOperation): ScimWish {
  const kind = op.toLowerCase();
  if (kind === 'remove') {
    if (path === undefined)
      throw new ProblemError({ status: 400, code: 'no_target', detail: 'remove needs a path.' });
    return wishOf(path.replace(/^(emails\[[^\]]{1,60}\])$/i, '$1.value'), null);
  }
  if (kind !== 'add' && kind !== 'replace')
    throw new ProblemError({
      status: 400,
      code: 'invalid_syntax',
      detail: 'op must be add, replace or remove.',
    });
  if (path !== undefined) return wishOf(path, value);
  if (!isMembers(value)) throw invalidValue('An operation without path must have attributes as its value');
  return wishesIn(value);
}

/** A member of a body by its name in any case. */
export const memberOf = (resource: Readonly<Record<string, unknown>>, name: string): unknown =>
  Object.entries(resource).find(([written]) => written.toLowerCase() === name.toLowerCase())?.[1];

/** The name for people where a client sends its parts and no displayName. */
export function nameIn(resource: Readonly<Record<string, unknown>>): string | undefined {
  const name = memberOf(resource, 'name');
  if (!isMembers(name)) return undefined;
  const parts = ['formatted', 'givenName', 'familyName'].map((part) => memberOf(name, part));
  const [formatted, ...others] = parts.map((part) => (typeof part === 'string' ? part.trim() : ''));
  return formatted || others.filter(Boolean).join(' ') || undefined;
}
