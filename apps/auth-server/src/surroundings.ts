import type { Hashing } from '@curfew/accounts';
import type { Listen } from '@curfew/config';
import type { MetricsServer } from '@curfew/web';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';

/** The process a server runs in: alone, or one worker of several. */
export interface Surroundings {
  readonly hashing: Hashing;
  /** The number of the worker, which its successor gets too; undefined where the process is alone. */
  readonly worker?: number;
  /** Whether it makes first-run data, where they are asked for. */
  readonly makesFirstRunData: boolean;
  /** Whether it does what one process of a machine is enough for: sweeping, deleting, delivering, watching. */
  readonly runsJobsOfAll: boolean;
  /** Resolves when it may listen; everything is built by then. */
  readonly mayListen: () => Promise<void>;
  /** Lets its figures be read. */
  readonly showFigures: (
    registry: Registry,
    listen: Listen,
    log: Logger,
  ) => Promise<MetricsServer | undefined>;
}
