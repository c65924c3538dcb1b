/** A name of a closed list as a person reads it: `inactivity_timeout` is "inactivity timeout". */
export const reasonWords = (reason: string): string => reason.replaceAll('_', ' ');

/** The same for a name that a program wrote in camel case: `disableClient` is "disable client". */
export const camelWords = (name: string): string => name.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();

/** Whether a reason for an end speaks of an attack; the others are the ordinary course. */
export const isGrave = (reason: string): boolean => /reuse|^risk_|attack|restored/.test(reason);
