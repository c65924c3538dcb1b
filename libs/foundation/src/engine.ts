import type { Registry } from '@curfew/clients';
import type { Configuration } from '@curfew/config';
import { EndAnnouncer, EventLog } from '@curfew/events';
import { CountsStore, CountsWriter, SilenceRecorder } from '@curfew/insight';
import type { HotStatements, PrismaService } from '@curfew/persistence';
import { seconds } from '@curfew/session-policy';
import {
  BrowserSessionEnds,
  BrowserSessionQueries,
  BrowserSessionSweeper,
  PolicySource,
  SessionQueries,
  SessionService,
  Sweeper,
} from '@curfew/sessions';
import { EndWriter, PostgresSessionStore, PostgresSweepStore, TimeoutReturns } from '@curfew/sessions/store';
import { type RefreshTokenCodec } from '@curfew/tokens';
import type { Logger } from 'pino';

/** The dependencies of the engine. */
export interface EngineParts {
  readonly configuration: Configuration;
  readonly prisma: PrismaService;
  readonly hot: HotStatements;
  readonly refreshTokens: RefreshTokenCodec;
  readonly registry: Registry;
  readonly log: Logger;
}

/** Two batches under way keep the database busy while the next one gathers; larger ones would only make their members wait. */
const batches = { inFlight: 2, largest: 64 };

/** Policies as the registry has them: its own answers, with nothing between. */
class RegistryPolicies extends PolicySource {
  override readonly effectivePolicy: Registry['effectivePolicy'];
  override readonly policiesByPlace: Registry['policiesByPlace'];

  constructor(registry: Registry) {
    super();
    this.effectivePolicy = registry.effectivePolicy.bind(registry);
    this.policiesByPlace = registry.policiesByPlace.bind(registry);
  }
}

/** The session engine: the one writer, its events, the queries for people, and the sweepers. */
export function engineOn({ configuration, prisma, hot, refreshTokens, registry, log }: EngineParts) {
  const policies = new RegistryPolicies(registry);
  const retention = { ended: seconds(configuration.endedSessionRetention) };
  const events = new EventLog(prisma);
  const silences = new SilenceRecorder(configuration.insight.isOn);
  const counts = new CountsStore(prisma);
  const announcer = new EndAnnouncer(hot, (err) =>
    log.warn({ err }, 'ends could not be announced; followers read them from the tables'),
  );
  const onHot = { prisma, statements: hot, limits: batches, silences };
  const ends = new EndWriter({ announcer, retention, ...onHot });
  const browserSessionEnds = new BrowserSessionEnds(prisma, ends);
  const sessions = new SessionService({
    store: new PostgresSessionStore({ ends, ...onHot }),
    browserSessionEnds,
    policies,
    codec: refreshTokens,
    events,
    report: (err) => log.error({ err }, 'activity could not be written; it is kept and tried again'),
    silences,
  });
  return {
    events,
    announcer,
    sessions,
    browserSessionEnds,
    queries: new SessionQueries(prisma, policies),
    browsers: new BrowserSessionQueries(prisma, policies, retention),
    sweeper: new Sweeper(new PostgresSweepStore(prisma, ends), policies, (session) =>
      sessions.activity.merged(session),
    ),
    browserSweeper: new BrowserSessionSweeper(prisma, policies, ends),
    counts,
    timeoutReturns: new TimeoutReturns(prisma, silences),
    countsWriter: new CountsWriter(silences, counts, (lost, err) =>
      log.warn({ lost, err }, 'counts of silences were lost, or could not be written yet'),
    ),
  };
}
