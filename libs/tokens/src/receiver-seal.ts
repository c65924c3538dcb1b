import type { SecretSeal } from '@curfew/events/delivery';
import { PayloadSeal } from './payload-seal.js';
import { KeyRing, type ServiceKeys } from './sealing.js';

/** Keeps the secrets of receivers under a service key of their own, for those who write them and those who deliver. */
export const receiverSeal = (serviceKeys: ServiceKeys): SecretSeal =>
  secretSeal(serviceKeys, 'receiver secrets');

/** Keeps secrets of one purpose under a service key of their own. */
export function secretSeal(serviceKeys: ServiceKeys, purpose: string): SecretSeal {
  const seal = new PayloadSeal(new KeyRing(serviceKeys.derive(purpose)));
  return {
    close: (secret, context) => seal.close({ secret }, Buffer.from(context)),
    open: (sealed, context) => {
      const secret = seal.open(sealed, Buffer.from(context))?.['secret'];
      return typeof secret === 'string' ? secret : undefined;
    },
  };
}
