import { InteractionUsed } from '@curfew/artifacts';
import { errors } from 'oidc-provider';

/** The interaction is over, was answered in another browser, or never was: the person starts again at the application. */
export class InteractionGone extends Error {
  override readonly name = 'SessionNotFound';
}

/** Does this for an interaction that goes on. @throws InteractionGone */
export async function unlessOver<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof errors.SessionNotFound || error instanceof InteractionUsed)
      throw new InteractionGone();
    throw error;
  }
}
