/** Sends a signal; whether there was a process to take it. */
export function signal(pid: number, name: NodeJS.Signals): boolean;
