import type { EverythingEnded } from '@curfew/operations';
import { written } from '../contract/wire.js';

/** The ends that came of a change, as the wire has them. */
export const endedOnWire = ({ sessions, at }: EverythingEnded) => ({
  recorded: sessions.length,
  complete: sessions.length < 1_000,
  not_before: written(at),
});
