import type { SecretSeal } from '@curfew/events';
import { PayloadSeal } from '@curfew/oidc';
import { KeyRing, type ServiceKeys } from '@curfew/sessions';

/** Secrets of receivers, sealed under the service key whose name the delivering processes know too. */
export function receiverSeal(serviceKeys: ServiceKeys): SecretSeal {
  const seal = new PayloadSeal(new KeyRing(serviceKeys.derive('receiver secrets')));
  return {
    close: (secret, context) => seal.close({ secret }, Buffer.from(context)),
    open: (sealed, context) => {
      const secret = seal.open(sealed, Buffer.from(context))?.['secret'];
      return typeof secret === 'string' ? secret : undefined;
    },
  };
}
