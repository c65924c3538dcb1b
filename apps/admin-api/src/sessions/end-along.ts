import type { Clock } from '@curfew/clock';
import type { Transaction } from '@curfew/persistence';
import type { AccountEnds, SessionService } from '@curfew/sessions';
import { written } from '../contract/wire.js';
import type { EndOrder, MassTarget } from './session-ends.js';

/** Changes that end sessions: the change and the ends are one commit, so that neither exists without the other. */
export class EndAlong {
  constructor(private readonly parts: { readonly clock: Clock; readonly sessions: SessionService }) {}

  /** Ends everything the target has authorized until now, in the transaction of the change that asks for it. */
  async within(tx: Transaction, target: MassTarget, { caller, reason, note }: EndOrder) {
    const detail = note === undefined ? { by: caller.actor } : { by: caller.actor, note };
    // Read after the change took its locks: what was authorized while it waited is ended too.
    const at = this.parts.clock.now();
    const ended = await this.parts.sessions.endAll({ ...target, reason, at, detail }, tx);
    return endedOnWire({ ended: ended.sessions, at });
  }
}

/** The ends that came of a change, as the wire has them. */
export const endedOnWire = ({ ended, at }: AccountEnds) => ({
  recorded: ended.length,
  complete: ended.length < 1_000,
  not_before: written(at),
});
