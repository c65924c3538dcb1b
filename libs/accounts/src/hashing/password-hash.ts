import { createHash, pbkdf2, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import argon2 from 'argon2';
import bcrypt from 'bcryptjs';

/** The beginning of a hash that Django's `bcrypt_sha256` made; the bcrypt hash follows. */
export const bcryptOfSha256 = 'bcrypt_sha256$';

const derivePbkdf2 = promisify(pbkdf2);
const deriveScrypt = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);
const pbkdf2Form = /^\$pbkdf2-(sha1|sha256|sha512)\$i=(\d+)\$([^$]+)\$([^$]+)$/;
const scryptForm = /^\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$([^$]+)\$([^$]+)$/;
const bytes = (text: string) => Buffer.from(text, 'base64');

/**
 * Whether `password` belongs to `hash`: argon2 in PHC form, or one of the forms that an imported account keeps until its first sign-in.
 * Rejects if `hash` is none of them.
 */
export function verifyPasswordHash(hash: string, password: string): Promise<boolean> {
  if (hash.startsWith('$2')) return bcrypt.compare(password, hash);
  if (hash.startsWith(bcryptOfSha256)) {
    const digest = createHash('sha256').update(password).digest('hex');
    return bcrypt.compare(digest, hash.slice(bcryptOfSha256.length));
  }
  if (hash.startsWith('$pbkdf2-')) return verifyPbkdf2(hash, password);
  if (hash.startsWith('$scrypt$')) return verifyScrypt(hash, password);
  return argon2.verify(hash, password);
}

async function verifyPbkdf2(hash: string, password: string): Promise<boolean> {
  const [, digest = '', iterations, salt = '', wanted = ''] = pbkdf2Form.exec(hash) ?? [];
  const key = bytes(wanted);
  const derived = await derivePbkdf2(password, bytes(salt), Number(iterations), key.length, digest);
  return timingSafeEqual(derived, key);
}

async function verifyScrypt(hash: string, password: string): Promise<boolean> {
  const [, ln, r, p, salt = '', wanted = ''] = scryptForm.exec(hash) ?? [];
  const cost = { N: 2 ** Number(ln), r: Number(r), p: Number(p) };
  const key = bytes(wanted);
  // Node counts a little more than the 128·N·r of RFC 7914 §2.
  const maxmem = 128 * cost.r * (cost.N + cost.p + 2) + 1_024;
  return timingSafeEqual(await deriveScrypt(password, bytes(salt), key.length, { ...cost, maxmem }), key);
}
