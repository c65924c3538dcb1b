import type { TimedSession } from './session.js';
import type { Instant, Seconds } from './time.js';

/**
 * A person signed in with one browser, as much of it as decisions need. `signedInAt` is when they last proved who they are;
 * `lastActiveAt` is the last thing they did, on a page or with a session that came of this browser.
 */
export interface BrowserSession extends TimedSession {
  /** When risk last demanded a step-up of a session that came of this browser and has had none since; null where none is outstanding. */
  readonly stepUpRequiredAt: Instant | null;
  /**
   * The longest inactivity timeout of a session that came of this browser and ended by it since the person's proof, and that its client
   * has not replaced by a later one which still stands; null where there is none.
   */
  readonly silentFor: Seconds | null;
}
