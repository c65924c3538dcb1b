import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { readWitness, type Witness } from './witness.js';

/** The ending of the names of these files. */
const ending = '.witness.json';

/**
 * The folder in which the processes of a machine write down what was acknowledged to them, each in a file of its own. A process reads its own
 * after a restart, and those of the others whenever it looks at a database it has not seen.
 */
export class WitnessFiles {
  readonly #folder: string;
  readonly #file: string;

  /** `process` tells this process from the others of the machine, and is the same after a restart. */
  constructor(folder: string, process: string) {
    this.#folder = folder;
    this.#file = path.join(folder, `${process}${ending}`);
  }

  /** The last record of this process. */
  async own(): Promise<Witness | undefined> {
    return readWitness(await readFile(this.#file, 'utf8').catch(() => ''));
  }

  /** The records of all processes of the machine, including those that run no more. */
  async all(): Promise<readonly Witness[]> {
    const names = await readdir(this.#folder).catch(() => []);
    const texts = names
      .filter((name) => name.endsWith(ending))
      .map((name) => readFile(path.join(this.#folder, name), 'utf8').catch(() => ''));
    return (await Promise.all(texts)).flatMap((text) => readWitness(text) ?? []);
  }

  /** Writes down what this process can testify, whole or not at all, also where the power fails. */
  async write(witness: Witness): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const fresh = `${this.#file}.${randomUUID()}`;
    try {
      const file = await open(fresh, 'wx', 0o600);
      try {
        await file.writeFile(JSON.stringify(witness));
        await file.datasync();
      } finally {
        await file.close();
      }
      await rename(fresh, this.#file);
    } catch (error) {
      await rm(fresh, { force: true });
      throw error;
    }
  }
}
