import type { Seconds } from '@curfew/session-policy';
import { tooManyAttempts } from '@curfew/token-endpoint';
import { errors, Provider } from 'oidc-provider';
import { because } from '../refusals/cause-of.js';

/** The library's form of the error that is answered, with 429 and Retry-After, to a client that must wait. */
export function throttled(wait: Seconds): Error {
  Provider.ctx?.set('Retry-After', String(wait));
  const { error, why, status, particulars } = tooManyAttempts(wait);
  const answered = new errors.CustomOIDCProviderError(error, particulars.description);
  return because(Object.assign(answered, { status, statusCode: status }), why);
}
