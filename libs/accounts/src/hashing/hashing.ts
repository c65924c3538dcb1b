import argon2 from 'argon2';
import { verifyPasswordHash } from './password-hash.js';

/** The cost of one argon2id hash (RFC 9106 §3.1); memory in KiB. */
export interface HashingCost {
  readonly memoryCost: number;
  readonly timeCost: number;
  readonly parallelism: number;
}

/** Hashes passwords, in this process or in one of its own. The caller bounds how many hashes are under way. */
export interface Hashing {
  /** The argon2id hash in PHC form. */
  hash(password: string, cost: HashingCost): Promise<string>;
  /** Whether `password` belongs to `hash`; rejects if `hash` is none. */
  verify(hash: string, password: string): Promise<boolean>;
}

/** Hashes on the threads of this process: for tools and tests, and inside the process that does nothing else. */
export const hashingHere: Hashing = {
  hash: (password, cost) => argon2.hash(password, { type: argon2.argon2id, ...cost }),
  verify: verifyPasswordHash,
};
