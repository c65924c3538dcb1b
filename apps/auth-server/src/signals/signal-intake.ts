import {
  isSetType,
  maxSetBytes,
  readSignal,
  requireStreamOf,
  SetRefused,
  type Transmitter,
} from '@curfew/events/transmitters';
import { actOnSignal, type SignalOutcome, type SignalParts } from '@curfew/operations/elsewhere';
import { type Jws, readJws } from '@curfew/resource-server/jws';
import type { Instant } from '@curfew/session-policy';
import type { TransmitterKeys } from './transmitter-keys.js';

/** Verifies security event tokens and does what they ask for, however they came. */
export class SignalIntake {
  constructor(
    private readonly parts: SignalParts,
    private readonly keys: TransmitterKeys,
  ) {}

  /**
   * Takes one token of this transmitter that came at `cameAt`; `named` is the id by which it was sent, where there is one. By settings that are
   * not the newest, a token ends nothing, and none is taken or refused for good.
   * @throws SetRefused where it will never be taken; KeysUnavailable and TransmitterChanged where it may be later
   */
  async take(transmitter: Transmitter, jws: Jws, cameAt: Instant, named?: string): Promise<SignalOutcome> {
    const answer = await this.#carryOut(transmitter, jws, cameAt, named).catch((error: unknown) => {
      if (error instanceof SetRefused) return error;
      throw error;
    });
    if (answer === 'ended' || answer === 'repeated' || answer === 'unknown_session') return answer;
    await this.parts.transmitters.requireNewest(transmitter);
    if (answer instanceof SetRefused) throw answer;
    return answer;
  }

  async #carryOut(
    transmitter: Transmitter,
    jws: Jws,
    cameAt: Instant,
    named: string | undefined,
  ): Promise<SignalOutcome> {
    requireStreamOf(jws.payload, transmitter);
    if (!(await this.keys.verifies(transmitter, jws, cameAt)))
      throw new SetRefused('invalid_key', 'no published key of the issuer made this signature');
    const told = readSignal(jws.payload, transmitter, cameAt);
    if (named !== undefined && named !== told.jti)
      throw new SetRefused('invalid_request', 'the token has another jti than it was sent under');
    return actOnSignal(this.parts, transmitter, told);
  }
}

/** A token taken apart; nothing of it is verified. @throws SetRefused */
export function readSet(text: string): Jws {
  if (Buffer.byteLength(text) > maxSetBytes)
    throw new SetRefused('invalid_request', `a token has at most ${maxSetBytes} bytes`);
  const jws = readJws(text);
  if (!jws || !isSetType(jws.header['typ']))
    throw new SetRefused('invalid_request', 'this is no signed token of the type secevent+jwt');
  return jws;
}
