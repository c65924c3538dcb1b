import { createHmac, randomInt } from 'node:crypto';

/** Letters and digits that are not taken for each other. */
const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789';
const group = 4;
const groups = 3;

/** The number of recovery codes of an account. */
export const recoveryCodeCount = 10;

const draw = (length: number): string =>
  Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('');

/** New codes of 59 random bits, in groups that can be read aloud. */
export const newRecoveryCodes = (): readonly string[] =>
  Array.from({ length: recoveryCodeCount }, () =>
    Array.from({ length: groups }, () => draw(group)).join('-'),
  );

/** A code as it was typed, without the marks between its groups; null for what cannot be one. */
export function readRecoveryCode(typed: string): string | null {
  const letters = typed.toLowerCase().replaceAll(/[\s-]/g, '');
  return letters.length === group * groups && [...letters].every((one) => alphabet.includes(one))
    ? letters
    : null;
}

/** The hash under which a code of an account is stored. A database dump alone does not open it, however short the code is. */
export const recoveryCodeHash = (key: Uint8Array, accountId: string, code: string): Buffer =>
  createHmac('sha256', key)
    .update(JSON.stringify([accountId, readRecoveryCode(code)]))
    .digest();
