import type { IncomingMessage } from 'node:http';
import { formRefused } from './page-error.js';

/**
 * Refuses a form that a browser says it submits from elsewhere. Browsers that know Fetch Metadata always tell
 * (`none`: the person asked themselves, as when reloading); older ones at least send Origin, which is `null` here because
 * our pages send no referrer (Fetch §3.2). The form's token decides in any case.
 */
export function refuseForeignForm({ headers }: IncomingMessage, origin: string): void {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) {
    if (site !== 'same-origin' && site !== 'none') throw formRefused();
    return;
  }
  if (headers.origin !== undefined && headers.origin !== 'null' && headers.origin !== origin) {
    throw formRefused();
  }
}

/** Whether a browser says that it submits a form of ours and will show the answer, so that the person can come back to it. */
export const isOwnNavigation = ({ headers }: IncomingMessage): boolean =>
  headers['sec-fetch-site'] === 'same-origin' && headers['sec-fetch-mode'] === 'navigate';
