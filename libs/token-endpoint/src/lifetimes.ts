const minutes = (count: number): number => count * 60;

/**
 * Seconds that a proof of possession may be old or in the future, where no nonce says when it was made (RFC 9449 §11.1). Clocks of
 * clients are often wrong, but proofs of more than a minute ahead must be refused (FAPI 2.0 Security Profile §5.3.2.1).
 */
export const proofTolerance = { past: 300, future: 30 } as const;

/** Seconds the things of the protocol live; those of sessions come from their policy. */
export const lifetimes = {
  authorizationCode: 60,
  deviceCode: minutes(10),
  idToken: minutes(10),
  interaction: minutes(30),
  grant: minutes(60),
  dpopReplay: 630,
} as const;

/** RFC 8628 §3.2: seconds a device waits between two polls. */
export const pollingInterval = 5;
