import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { ReadFault } from '@curfew/config';

/** Reads the secrets that the routes file names; a secret that cannot be read becomes a fault with its place in the file. */
export class SecretReader {
  constructor(
    private readonly folder: string,
    private readonly env: Readonly<Record<string, string | undefined>>,
    private readonly faults: ReadFault[],
  ) {}

  /** The secret `name` in exactly one of a file (relative to the routes file) and a variable; '' where there is none, with a fault. */
  async read(
    at: ReadFault['path'],
    name: string,
    file: string | undefined,
    variable: string | undefined,
  ): Promise<string> {
    if ((file === undefined) === (variable === undefined)) {
      this.fault(at, `${name}File or ${name}Variable must be given, and not both`);
      return '';
    }
    const text = file === undefined ? this.env[variable!] : await this.#contents(file);
    const secret = text?.trim() ?? '';
    if (secret === '')
      this.fault(
        [...at, `${name}${file === undefined ? 'Variable' : 'File'}`],
        'cannot be read, or is empty',
      );
    return secret;
  }

  /** Notes something that is wrong. */
  fault(at: ReadFault['path'], detail: string): void {
    this.faults.push({ path: at, detail });
  }

  #contents(file: string): Promise<string | undefined> {
    return readFile(path.resolve(this.folder, file), 'utf8').catch(() => undefined);
  }
}
