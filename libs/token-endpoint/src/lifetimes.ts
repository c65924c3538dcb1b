const minutes = (count: number): number => count * 60;

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
