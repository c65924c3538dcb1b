import type { RequestListener } from 'node:http';
import { maxTransmitters } from '@curfew/events/transmitters';
import type { Foundation } from '@curfew/foundation';
import { seconds } from '@curfew/session-policy';
import { RateBuckets } from '@curfew/token-endpoint';
import { outboundFetch } from '@curfew/token-endpoint/client';
import { endpointListener } from '../endpoint-listener.js';
import type { Kept } from '../kept-rows.js';
import { PollTokens } from './poll-tokens.js';
import { TransmitterPolls } from './poll-transmitters.js';
import { PushingTransmitters } from './pushing-transmitters.js';
import { SignalEndpoint, signalsPath } from './signal-endpoint.js';
import { SignalIntake } from './signal-intake.js';
import { TransmitterKeys } from './transmitter-keys.js';

/** The parts of a receiver of security events that are made once for the process. */
export class SignalsReceived implements Kept {
  readonly pushing: PushingTransmitters;
  readonly polls: TransmitterPolls;
  /** The listeners of the receiver, by path below the issuer. */
  readonly listeners: ReadonlyMap<string, RequestListener>;

  constructor(foundation: Foundation) {
    const { configuration, transmitters, clock, receiverAddressFault, log } = foundation;
    const { delivery, throttles } = configuration;
    const { allowPrivateAddresses: allowInside, timeoutMs, pollIntervalMs: intervalMs } = delivery;
    const fetch = outboundFetch({ allowInside, timeoutMs });
    const intake = new SignalIntake(
      foundation,
      new TransmitterKeys(fetch, receiverAddressFault, maxTransmitters),
    );
    const { count, window } = throttles.signal;
    this.pushing = new PushingTransmitters(transmitters, (unreadable) =>
      log.error(
        { transmitters: unreadable },
        'the headers of transmitters do not open; nothing is taken of them',
      ),
    );
    const rates = new RateBuckets({ count, window: seconds(window) }, maxTransmitters);
    const endpoint = new SignalEndpoint(this.pushing, intake, rates, clock);
    this.listeners = new Map([
      [signalsPath, endpointListener(endpoint.receive.bind(endpoint), log, 'taking a security event')],
    ]);
    this.polls = new TransmitterPolls({
      ...{ transmitters, intake, clock, fetch, intervalMs },
      tokens: new PollTokens(fetch, clock, maxTransmitters),
      report: (err, transmitter) => log.warn({ err, transmitter }, 'a transmitter could not be polled'),
    });
  }

  async load(): Promise<void> {
    await Promise.all([this.pushing.load(), this.polls.load()]);
  }
}
