import { readFile } from 'node:fs/promises';
import path from 'node:path';

/** Reads secrets from where the routes file says they are; what cannot be read is noted by its place. */
export class SecretReader {
  constructor(
    private readonly folder: string,
    private readonly env: Readonly<Record<string, string | undefined>>,
    private readonly faults: string[],
  ) {}

  /** The secret in exactly one of a file (relative to the routes file) and a variable; '' where there is none, with a fault. */
  async read(place: string, file: string | undefined, variable: string | undefined): Promise<string> {
    if ((file === undefined) === (variable === undefined)) {
      this.fault(`${place}File or ${place.split(' ').at(-1)}Variable must be given, and not both`);
      return '';
    }
    const text = file === undefined ? this.env[variable!] : await this.#contents(file);
    const secret = text?.trim() ?? '';
    if (secret === '') this.fault(`${place} cannot be read`);
    return secret;
  }

  /** Notes something that is wrong. */
  fault(sentence: string): void {
    this.faults.push(sentence);
  }

  #contents(file: string): Promise<string | undefined> {
    return readFile(path.resolve(this.folder, file), 'utf8').catch(() => undefined);
  }
}
