import { plainEnglish } from '@curfew/pages';
import { type ErrorCause, type PublicWords, publicWords } from '@curfew/token-endpoint';
import { refusalWords } from '../pages/index.js';

/** A refusal that a person reads, in the words of its cause; programs get the English ones. They never repeat what was sent. */
export class PageError extends Error {
  override readonly name = 'PageError';
  readonly words: PublicWords;
  readonly title: string;

  constructor(
    readonly status: number,
    readonly exactCause: ErrorCause,
    /** Seconds after which trying again makes sense. */
    readonly retryAfter?: number,
  ) {
    const words = publicWords(exactCause);
    const [title, lead] = refusalWords[words];
    super(plainEnglish(lead));
    this.words = words;
    this.title = plainEnglish(title);
  }
}

/** OpenID Connect interactions live for a while only, in the browser they started in. */
export const interactionGone = (status: 400 | 403): PageError => new PageError(status, 'interaction_gone');

export const isGone = (error: unknown): boolean =>
  error instanceof PageError && error.exactCause === 'interaction_gone';

export const formRefused = (): PageError => new PageError(403, 'form_refused');

export const malformed = (): PageError => new PageError(400, 'form_malformed');

/** An interaction may be over, or be finished by another tab while its form is answered. */
export async function unlessGone<T>(status: 400 | 403, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Error && error.name === 'SessionNotFound') throw interactionGone(status);
    throw error;
  }
}
