import { type ErrorCause, publicWords } from '@curfew/token-endpoint';

/** A refusal that a person reads, in the words of its cause. They never repeat what was sent. */
export class PageError extends Error {
  override readonly name = 'PageError';
  readonly title: string;

  constructor(
    readonly status: number,
    readonly exactCause: ErrorCause,
    /** Seconds after which trying again makes sense. */
    readonly retryAfter?: number,
  ) {
    const { title, text } = publicWords(exactCause);
    super(text);
    this.title = title;
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
