/** A name of a closed list as a person reads it: `inactivity_timeout` is "inactivity timeout". */
export const reasonWords = (reason: string): string => reason.replaceAll('_', ' ');

/** Whether a reason for an end speaks of an attack; the others are the ordinary course. */
export const isGrave = (reason: string): boolean => /reuse|^risk_|attack|restored/.test(reason);
