import type { ThrottleLimit } from '@curfew/accounts';
import type { Foundation } from '@curfew/foundation';
import { seconds } from '@curfew/session-policy';
import { ClientKeys, outboundFetch } from '@curfew/token-endpoint/client';
import { secretSeal } from '@curfew/tokens';
import { OfferedProviders } from './offered-providers.js';
import { UpstreamClient } from './upstream-client.js';

/** How long one request to an identity provider may take. */
const timeoutMs = 4_000;
/** The providers whose keys are kept at once. */
const maxKeySets = 100;

/** The parts of sign-ins with other identity providers that are made once for the process. */
export class UpstreamParts {
  readonly client: UpstreamClient;
  /** The keys of providers, for what they sign beside ID tokens. */
  readonly keys: ClientKeys;
  readonly offered: OfferedProviders;
  /** Keeps what a browser brings back with a response. */
  readonly seal: ReturnType<typeof secretSeal>;
  /** How many sign-ins one network begins. */
  readonly limit: ThrottleLimit;

  constructor({ configuration, identityProviders, serviceKeys }: Foundation) {
    const { delivery, issuer, throttles } = configuration;
    const { count, window } = throttles.signInNetwork;
    const fetch = outboundFetch({ allowInside: delivery.allowPrivateAddresses, timeoutMs });
    this.keys = new ClientKeys(fetch, maxKeySets);
    this.client = new UpstreamClient(fetch, (id) => `${issuer.replace(/\/$/, '')}/sign-in/upstream/${id}`);
    this.offered = new OfferedProviders(identityProviders);
    this.seal = secretSeal(serviceKeys, 'upstream sign-in');
    this.limit = { count, window: seconds(window) };
  }
}
