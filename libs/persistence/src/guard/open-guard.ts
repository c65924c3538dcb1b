import type { DatabaseConfiguration } from '@curfew/config';
import { DatabaseGuard } from './database-guard.js';
import { WitnessFiles } from './witness-files.js';

/** The log for lines that an operator reads. */
export interface GuardLog {
  error(facts: object, line: string): void;
  warn(facts: object, line: string): void;
}

/** The facts that a guard needs about its process. */
export interface GuardedProcess {
  /** Tells the process from the others of its machine, and is the same after a restart. A command that only runs once has no name. */
  readonly process: string | undefined;
  readonly log: GuardLog;
  /** Takes the step that follows a restore. It is only called where the configuration says so. */
  readonly takeStep: () => Promise<void>;
}

/** Opens the guard of a process, as it is configured. */
export function openGuard(
  { stateFolder, afterFailover }: DatabaseConfiguration,
  { process, log, takeStep }: GuardedProcess,
): Promise<DatabaseGuard> {
  return DatabaseGuard.open({
    files: stateFolder && process ? new WitnessFiles(stateFolder, process) : undefined,
    takeStep: afterFailover === 'end-all' ? takeStep : undefined,
    onVerdict: (refusal) =>
      refusal
        ? log.error({ refusal: refusal.kind }, refusal.advice)
        : log.warn({}, 'the database is served from again'),
    onFailure: (err, subject) => log.error({ err }, `${subject} failed; it is tried again`),
  });
}
