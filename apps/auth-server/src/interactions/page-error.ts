/** A refusal with the words a person gets to read. They never repeat what was sent. */
export class PageError extends Error {
  override readonly name = 'PageError';

  constructor(
    readonly status: number,
    readonly title: string,
    message: string,
    /** Seconds after which trying again makes sense. */
    readonly retryAfter?: number,
  ) {
    super(message);
  }
}

/** OpenID Connect interactions live for a while only, in the browser they started in. */
export const interactionGone = (status: 400 | 403): PageError =>
  new PageError(
    status,
    'This page has expired',
    'The sign-in was finished already, took too long, or started in another browser. Go back to the application and start again.',
  );

export const formRefused = (): PageError =>
  new PageError(
    403,
    'This form was not accepted',
    'It did not come from the page we sent you, or that page is too old. Go back, reload the page and try again.',
  );

export const malformed = (): PageError =>
  new PageError(400, 'This form cannot be read', 'Something in it is damaged. Go back and try again.');

/** An interaction may be over, or be finished by another tab while its form is answered. */
export async function unlessGone<T>(status: 400 | 403, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Error && error.name === 'SessionNotFound') throw interactionGone(status);
    throw error;
  }
}
