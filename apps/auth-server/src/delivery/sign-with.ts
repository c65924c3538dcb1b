import type { Clock } from '@curfew/clock';
import type { SignJwt } from '@curfew/events/delivery';
import { type KeyStore, signJwt } from '@curfew/tokens';

/** Signs each delivery as ID tokens are signed, with the key that is active when it leaves. */
export const signWith =
  (keyStore: KeyStore, clock: Clock): SignJwt =>
  (type, algorithm, claims) =>
    signJwt(keyStore.current(clock.now()), algorithm, type, claims);
