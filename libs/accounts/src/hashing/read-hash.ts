import { bcryptOfSha256 } from './password-hash.js';

/** A sentence about a password hash that cannot be taken over; it repeats nothing of the hash. */
export class HashFault {
  constructor(readonly detail: string) {}
}

/** The most that one verification of an imported hash may cost: it is spent for every guess until the first sign-in. */
const limits = {
  bcryptCost: 14,
  memoryKiB: 131_072,
  /** KiB times passes. */
  argon2Work: 524_288,
  /** N·r·p. */
  scryptWork: 2_097_152,
  /** Iterations times blocks of output. */
  pbkdf2Work: 2_000_000,
  lanes: 16,
  saltBytes: 128,
  /** A shorter key would be met by chance. */
  minKeyBytes: 16,
  maxKeyBytes: 64,
} as const;

const forms =
  'must be a hash of argon2, bcrypt, scrypt or PBKDF2 in PHC form, of Django, of ASP.NET Identity, or a credential of Keycloak';
const unknown = new HashFault(forms);
const tooCostly = (what: string) => new HashFault(`costs more than is verified here: ${what}`);

/** Standard base64 without padding, as PHC strings have it; null for text that is none. */
function plainBase64(text: string): string | null {
  const plain = text.replaceAll('.', '+').replace(/={1,2}$/, '');
  return /^[A-Za-z0-9+/]+$/.test(plain) && plain.length % 4 !== 1 ? plain : null;
}

const encoded = (data: Buffer): string => data.toString('base64').replace(/=+$/, '');
const lengthOf = (base64: string): number => Buffer.from(base64, 'base64').length;

/** Salt and key in one form, or what is wrong with them. */
function saltAndKey(salt: string, key: string): readonly [salt: string, key: string] | HashFault {
  const [plainSalt, plainKey] = [plainBase64(salt), plainBase64(key)];
  if (plainSalt === null || plainKey === null) return unknown;
  const { saltBytes, minKeyBytes, maxKeyBytes } = limits;
  if (lengthOf(plainSalt) > saltBytes) return new HashFault(`has a salt of more than ${saltBytes} bytes`);
  const size = lengthOf(plainKey);
  if (size < minKeyBytes || size > maxKeyBytes)
    return new HashFault(`must have a hash of ${minKeyBytes} to ${maxKeyBytes} bytes`);
  return [plainSalt, plainKey];
}

/** argon2 (RFC 9106) in PHC form. */
function argon2Hash(text: string): string | HashFault {
  const form =
    /^\$(argon2(?:id|i|d))\$(?:v=(16|19)\$)?m=(\d{1,10}),t=(\d{1,10}),p=(\d{1,10})\$([^$]+)\$([^$]+)$/;
  const [, kind, version = '16', m = '', t = '', p = '', salt = '', key = ''] = form.exec(text) ?? [];
  if (kind === undefined) return unknown;
  const [memory, passes, lanes] = [Number(m), Number(t), Number(p)];
  if (memory > limits.memoryKiB) return tooCostly(`m is at most ${limits.memoryKiB}`);
  if (memory * passes > limits.argon2Work) return tooCostly(`m times t is at most ${limits.argon2Work}`);
  if (lanes > limits.lanes) return tooCostly(`p is at most ${limits.lanes}`);
  if (lanes < 1 || passes < 1 || memory < 8 * lanes)
    return new HashFault('must have t and p of at least 1, and m of at least 8 times p');
  const parts = saltAndKey(salt, key);
  if (parts instanceof HashFault) return parts;
  if (lengthOf(parts[0]) < 8) return new HashFault('must have a salt of at least 8 bytes');
  return `$${kind}$v=${version}$m=${memory},t=${passes},p=${lanes}$${parts.join('$')}`;
}

/** bcrypt in the three forms that compute alike: 2a, 2b and 2y. */
function bcryptHash(text: string): string | HashFault {
  const [, cost] = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(text) ?? [];
  if (cost === undefined) return unknown;
  if (Number(cost) < 4 || Number(cost) > limits.bcryptCost)
    return tooCostly(`the cost of bcrypt is 4 to ${limits.bcryptCost}`);
  return text;
}

interface ScryptParts {
  readonly n: number;
  readonly r: number;
  readonly p: number;
  readonly salt: string;
  readonly key: string;
}

/** scrypt (RFC 7914). */
function scryptHash({ n, r, p, salt, key }: ScryptParts): string | HashFault {
  const ln = Math.log2(n);
  if (!Number.isInteger(ln) || ln < 1 || !Number.isInteger(r) || r < 1 || !Number.isInteger(p) || p < 1)
    return new HashFault('must have a power of two as N, and r and p of at least 1');
  // RFC 7914 §2: N is less than 2^(128·r/8); computing another one would fail at the sign-in.
  if (ln >= 16 * r) return new HashFault('must have an N of less than 2 to the power of 16 times r');
  if (128 * n * r > limits.memoryKiB * 1_024)
    return tooCostly(`128 times N times r is at most ${limits.memoryKiB} KiB`);
  if (p > limits.lanes || n * r * p > limits.scryptWork)
    return tooCostly(`p is at most ${limits.lanes}, and N times r times p at most ${limits.scryptWork}`);
  const parts = saltAndKey(salt, key);
  return parts instanceof HashFault ? parts : `$scrypt$ln=${ln},r=${r},p=${p}$${parts.join('$')}`;
}

const digestBytes = { sha1: 20, sha256: 32, sha512: 64 } as const;
type Digest = keyof typeof digestBytes;
const isDigest = (name: string): name is Digest => Object.hasOwn(digestBytes, name);

/** PBKDF2 (RFC 8018 §5.2). */
function pbkdf2Hash(digest: string, iterations: number, salt: string, key: string): string | HashFault {
  if (!isDigest(digest)) return new HashFault('must be PBKDF2 with SHA-1, SHA-256 or SHA-512');
  if (!Number.isInteger(iterations) || iterations < 1) return new HashFault('must have at least 1 iteration');
  const parts = saltAndKey(salt, key);
  if (parts instanceof HashFault) return parts;
  const blocks = Math.ceil(lengthOf(parts[1]) / digestBytes[digest]);
  if (iterations * blocks > limits.pbkdf2Work)
    return tooCostly(`iterations times blocks of output are at most ${limits.pbkdf2Work}`);
  return `$pbkdf2-${digest}$i=${iterations}$${parts.join('$')}`;
}

/** A hash that begins with its name between dollar signs. */
function phcHash(text: string): string | HashFault {
  if (text.startsWith('$argon2')) return argon2Hash(text);
  if (text.startsWith('$2')) return bcryptHash(text);
  const [, ln, r, p, salt = '', key = ''] =
    /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,9}),p=(\d{1,9})\$([^$]+)\$([^$]+)$/.exec(text) ?? [];
  if (ln !== undefined) return scryptHash({ n: 2 ** Number(ln), r: Number(r), p: Number(p), salt, key });
  const [, digest, , iterations, pbkdf2Salt = '', pbkdf2Key = ''] =
    /^\$pbkdf2(?:-(sha1|sha256|sha512))?(\$i=|\$)(\d{1,9})(?:,l=\d{1,3})?\$([^$]+)\$([^$]+)$/.exec(text) ??
    [];
  if (iterations === undefined) return unknown;
  return pbkdf2Hash(digest ?? 'sha1', Number(iterations), pbkdf2Salt, pbkdf2Key);
}

/** A hash as Django stores it: `algorithm$…`, with the salt as text. */
function djangoHash(text: string): string | HashFault {
  const [algorithm = '', ...rest] = text.split('$');
  if (algorithm === 'argon2') return argon2Hash(`$${rest.join('$')}`);
  if (algorithm === 'bcrypt') return bcryptHash(rest.join('$'));
  if (algorithm === 'bcrypt_sha256') {
    const inner = bcryptHash(rest.join('$'));
    return inner instanceof HashFault ? inner : `${bcryptOfSha256}${inner}`;
  }
  const asText = (salt: string) => encoded(Buffer.from(salt));
  if (algorithm === 'scrypt' && rest.length === 5) {
    const [n, salt, r, p, key] = rest as [string, string, string, string, string];
    return scryptHash({ n: Number(n), r: Number(r), p: Number(p), salt: asText(salt), key });
  }
  const [, digest] = /^pbkdf2_(sha1|sha256)$/.exec(algorithm) ?? [];
  if (digest === undefined || rest.length !== 3) return unknown;
  const [iterations, salt, key] = rest as [string, string, string];
  return pbkdf2Hash(digest, Number(iterations), asText(salt), key);
}

/** The hashes of ASP.NET Identity: version 2 and version 3, which differ in their first byte. */
function aspNetHash(text: string): string | HashFault {
  const plain = plainBase64(text);
  const data = Buffer.from(plain ?? '', 'base64');
  if (data.length === 49 && data[0] === 0)
    return pbkdf2Hash('sha1', 1_000, encoded(data.subarray(1, 17)), encoded(data.subarray(17)));
  if (data.length < 14 || data[0] !== 1) return unknown;
  const [prf, iterations, saltLength] = [1, 5, 9].map((at) => data.readUInt32BE(at)) as [
    number,
    number,
    number,
  ];
  const digest = Object.keys(digestBytes)[prf] ?? '';
  if (saltLength > limits.saltBytes) return unknown;
  const salt = data.subarray(13, 13 + saltLength);
  return pbkdf2Hash(digest, iterations, encoded(salt), encoded(data.subarray(13 + saltLength)));
}

type Members = Readonly<Record<string, unknown>>;

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const textIn = (members: Members, name: string): string =>
  typeof members[name] === 'string' ? members[name] : '';

/** A member of Keycloak's credentials: JSON in a text, or JSON. */
function membersIn(value: unknown): Members {
  if (typeof value !== 'string') return isMembers(value) ? value : {};
  try {
    const read: unknown = JSON.parse(value);
    return isMembers(read) ? read : {};
  } catch {
    return {};
  }
}

/** A credential of type `password` as Keycloak exports it. */
function keycloakHash(credential: Members): string | HashFault {
  const secret = membersIn(credential['secretData']);
  const data = membersIn(credential['credentialData']);
  const [salt, key] = [textIn(secret, 'salt'), textIn(secret, 'value')];
  const [algorithm, iterations] = [textIn(data, 'algorithm'), Number(data['hashIterations'])];
  const [, digest] = /^pbkdf2(?:-(sha256|sha512))?$/.exec(algorithm) ?? [];
  if (algorithm.startsWith('pbkdf2'))
    return pbkdf2Hash(digest ?? (algorithm === 'pbkdf2' ? 'sha1' : ''), iterations, salt, key);
  if (algorithm !== 'argon2') return unknown;
  const more = membersIn(data['additionalParameters']);
  const first = (name: string) => String((Array.isArray(more[name]) ? more[name] : [more[name]])[0] ?? '');
  const version = first('version') === '1.0' ? 16 : 19;
  const cost = `m=${first('memory')},t=${iterations},p=${first('parallelism')}`;
  return argon2Hash(`$argon2${first('type')}$v=${version}$${cost}$${plainBase64(salt)}$${plainBase64(key)}`);
}

/** A hash in plain members: `{ algorithm: 'scrypt', n, r, p, salt, hash }`, or `{ algorithm: 'pbkdf2-sha256', iterations, salt, hash }`. */
function hashInMembers(members: Members): string | HashFault {
  if ('secretData' in members) return keycloakHash(members);
  const [salt, key] = [textIn(members, 'salt'), textIn(members, 'hash')];
  const algorithm = textIn(members, 'algorithm');
  const number = (name: string) => Number(members[name]);
  if (algorithm === 'scrypt')
    return scryptHash({ n: number('n'), r: number('r'), p: number('p'), salt, key });
  const [, digest] = /^pbkdf2-(sha1|sha256|sha512)$/.exec(algorithm) ?? [];
  return digest === undefined ? unknown : pbkdf2Hash(digest, number('iterations'), salt, key);
}

/** The longest text that can be a hash. */
const maxLength = 4_096;

/**
 * Brings the password hash of another system into the form in which it is stored until the first sign-in. Its cost is bounded, because every
 * guess at the account spends it.
 */
export function readPasswordHash(value: unknown): string | HashFault {
  if (isMembers(value)) return hashInMembers(value);
  if (typeof value !== 'string' || value.length > maxLength) return unknown;
  if (value.startsWith('{')) return hashInMembers(membersIn(value));
  if (value.startsWith('$')) return phcHash(value);
  return value.includes('$') ? djangoHash(value) : aspNetHash(value);
}
