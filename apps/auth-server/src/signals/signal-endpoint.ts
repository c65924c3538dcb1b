import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '@curfew/clock';
import { maxSetBytes, SetRefused, TransmitterChanged } from '@curfew/events/transmitters';
import type { RateBuckets } from '@curfew/token-endpoint';
import { noteRefusal, ProblemError, readBody, requireMethod } from '@curfew/web';
import type { PushingTransmitters } from './pushing-transmitters.js';
import { readSet, type SignalIntake } from './signal-intake.js';
import { KeysUnavailable } from './transmitter-keys.js';

/** The path at which transmitters push, below the issuer. */
export const signalsPath = '/ssf/receive';

/** Seconds after which a transmitter tries again whose keys could not be had, or whose settings have just changed. */
const retryAfter = { keys: 30, change: 1 };

/** Takes the tokens that transmitters push (RFC 8935). */
export class SignalEndpoint {
  constructor(
    private readonly pushing: PushingTransmitters,
    private readonly intake: SignalIntake,
    private readonly rates: RateBuckets,
    private readonly clock: Clock,
  ) {}

  /** RFC 8935 §2: 202 says that the token was taken, whoever it is about; an error code says that it never will be. */
  async receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    requireMethod(request, 'POST');
    try {
      await this.#take(request);
      response.writeHead(202, { 'Cache-Control': 'no-store', 'Content-Length': 0 }).end();
    } catch (error) {
      if (error instanceof SetRefused) return refuse(response, error);
      if (error instanceof KeysUnavailable)
        throw comeAgain('The keys of the transmitter cannot be had now', retryAfter.keys);
      if (!(error instanceof TransmitterChanged)) throw error;
      await this.pushing.load();
      throw comeAgain('The settings of the transmitter have just changed', retryAfter.change);
    }
  }

  async #take(request: IncomingMessage): Promise<void> {
    const mayBe = this.pushing.by(request.headers.authorization ?? '');
    if (mayBe.length === 0)
      throw new SetRefused('authentication_failed', 'no transmitter sends this Authorization header');
    if (!/^application\/secevent\+jwt\s*(?:;|$)/i.test(request.headers['content-type'] ?? ''))
      throw new SetRefused('invalid_request', 'Content-Type must be application/secevent+jwt');
    this.#count(mayBe.map(({ id }) => id).join(' '));
    const body = await readBody(request, maxSetBytes);
    if (!body)
      throw new SetRefused('invalid_request', `the body must be a token of at most ${maxSetBytes} bytes`);
    const jws = readSet(body.toString('utf8'));
    // Headers may be alike; the issuer is not, and its signature is verified. A token of another issuer is one that the first of them refuses.
    const transmitter = mayBe.find(({ issuer }) => issuer === jws.payload['iss']) ?? mayBe[0]!;
    await this.intake.take(transmitter, jws, this.clock.now());
  }

  #count(key: string): void {
    const wait = this.rates.take(key, this.clock.now());
    if (wait === null) return;
    throw new ProblemError({ status: 429, code: 'throttled', title: 'Too many tokens', retryAfter: wait });
  }
}

/** RFC 8935 §2.3 and §2.4. */
function refuse(response: ServerResponse, { code, message }: SetRefused): void {
  // The line of the log says why: a transmitter does not show its operators what it is answered.
  noteRefusal(response, { error: code, cause: code, detail: message });
  const body = Buffer.from(JSON.stringify({ err: code, description: message }));
  response.writeHead(400, {
    'Content-Type': 'application/json',
    'Content-Language': 'en',
    'Cache-Control': 'no-store',
    'Content-Length': body.length,
  });
  response.end(body);
}

const comeAgain = (title: string, seconds: number): ProblemError =>
  new ProblemError({ status: 503, code: 'temporarily_unavailable', title, retryAfter: seconds });
