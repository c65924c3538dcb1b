import { unwatchFile, watchFile } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { firstRunRules, NoFirstRunData, thisMachine } from './first-run-routes.js';
import { readRoutesFile } from './routes-file.js';
import type { GatewayRules } from './rules.js';

/** A source of rules: a file, the first start, or nothing. */
export abstract class RouteSource {
  /** The rules as they are now. Rejects when there are none that can be followed. */
  abstract read(): Promise<GatewayRules>;

  /** Calls `onChange` when the rules may have changed; the returned function stops that. */
  watch(_onChange: () => void): () => void {
    return () => {};
  }
}

/** Milliseconds between two looks at the file; events of file systems are not to be had everywhere. */
const lookEveryMs = 1_000;

/** Routes in a file that is read again when it changes. */
export class FileRoutes extends RouteSource {
  constructor(
    private readonly location: string,
    private readonly issuer: string,
    private readonly env: Readonly<Record<string, string | undefined>>,
  ) {
    super();
  }

  override read(): Promise<GatewayRules> {
    return readRoutesFile(this.location, this.issuer, this.env);
  }

  override watch(onChange: () => void): () => void {
    const changed = (now: { mtimeMs: number }, before: { mtimeMs: number }) => {
      if (now.mtimeMs !== before.mtimeMs) onChange();
    };
    watchFile(this.location, { interval: lookEveryMs, persistent: false }, changed);
    return () => unwatchFile(this.location, changed);
  }
}

/** Milliseconds the authorization server may take to write down what it made at its first start. */
const firstStartMs = 30_000;

/** The rules for the sample resource. */
export class FirstRunRoutes extends RouteSource {
  constructor(private readonly devFile: string) {
    super();
  }

  override async read(): Promise<GatewayRules> {
    const deadline = performance.now() + firstStartMs;
    for (;;) {
      try {
        return await firstRunRules(this.devFile);
      } catch (error) {
        if (!(error instanceof NoFirstRunData) || performance.now() > deadline) throw error;
        await pause(200);
      }
    }
  }
}

/** No routes at all: nobody passes. */
export class NoRoutes extends RouteSource {
  constructor(private readonly issuer: string) {
    super();
  }

  override async read(): Promise<GatewayRules> {
    return {
      issuer: this.issuer,
      forwarded: { proxies: thisMachine(), forms: [], hops: 1 },
      removedHeaders: [],
      clientCertificateHeader: undefined,
      apis: [],
      browsers: [],
      routes: [],
      keptUpstreams: undefined,
    };
  }
}
