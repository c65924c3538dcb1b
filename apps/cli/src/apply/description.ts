import { readFile } from 'node:fs/promises';
import type { WrittenFile } from '@curfew/config';
import { CommandError, exitCodes } from '../exit.js';

/** A fault the service found in a description: its place as a JSON pointer below `body/description`, and what is right there. */
export interface DescriptionFault {
  readonly at: string;
  readonly detail: string;
}

/** The number of characters of a value that a fault shows. */
const maxShown = 80;

/** A description as it was written, so that a fault is told with its line and value. */
export class WrittenDescription {
  readonly content: Readonly<Record<string, unknown>>;

  constructor(
    private readonly file: string,
    private readonly written: WrittenFile,
  ) {
    const content = written.content ?? {};
    if (typeof content !== 'object' || Array.isArray(content))
      throw new CommandError(
        `${file}:1: must have members such as policies, resources, clients`,
        exitCodes.usage,
      );
    this.content = content as Readonly<Record<string, unknown>>;
  }

  /** A fault with file, line, field, value and what is right. */
  told({ at, detail }: DescriptionFault): string {
    const path = at
      .split('/')
      .slice(2)
      .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
    const { line, value } = this.written.placeOf(path);
    const place = line === null ? this.file : `${this.file}:${line}`;
    const written =
      value === undefined || (typeof value === 'object' && value !== null)
        ? ''
        : ` ${JSON.stringify(value).slice(0, maxShown)}`;
    return `${place}: ${path.join('.') || 'the file'}${written}: ${detail}`;
  }
}

/** Reads a description. The service checks its content. `shown` is the name of the file in faults. */
export async function readDescription(file: string, shown = file): Promise<WrittenDescription> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new CommandError(`${shown} cannot be read`, exitCodes.usage);
  });
  const { UnreadableFile, WrittenFile } = await import('@curfew/config');
  try {
    return new WrittenDescription(shown, WrittenFile.of(text));
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    throw new CommandError(`${shown}:${error.line}: ${error.message}`, exitCodes.usage);
  }
}
