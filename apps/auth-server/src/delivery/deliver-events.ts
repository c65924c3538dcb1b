import { EventHistory, EventLog, NewsStore } from '@curfew/events';
import { Watch, WatchStore } from '@curfew/events/alerts';
import {
  type AttemptOutcome,
  Courier,
  composeLogout,
  composeWebhook,
  DeliveryStore,
  type ReceiverKind,
  type StoredEvent,
  usualPatience,
} from '@curfew/events/delivery';
import { composePush } from '@curfew/events/streams';
import type { Foundation } from '@curfew/foundation';
import { AccountLetters, type MailOutcome } from '@curfew/mail';
import { PrismaService } from '@curfew/persistence';
import { plus, seconds } from '@curfew/session-policy';
import { outboundFetch } from '@curfew/token-endpoint/client';
import { BackgroundLoops } from '@curfew/web';
import { answersOf, endConcerned, thresholdsOf } from '../alerts/index.js';
import { mailSender } from './send-mail.js';
import { signWith } from './sign-with.js';

/** Delivers events to their receivers. */
export interface DeliveryService {
  readonly store: DeliveryStore;
  /** Breaks off what is under way; another node, or this one when it is back, goes on. */
  stop(): Promise<void>;
}

/** Hears of each attempt to deliver something (`agoMs` is how long ago it happened), and of each event once in the installation. */
export interface DeliveryListener {
  readonly attempted: (kind: ReceiverKind, outcome: AttemptOutcome, agoMs: number) => void;
  readonly seen: (event: StoredEvent) => void;
  /** Hears of each attempt to send a mail. */
  readonly mailed: (kind: string, outcome: MailOutcome) => void;
}

/** Milliseconds between two looks for what is too old. */
const pruneIntervalMs = 60_000;
const sealIntervalMs = 5_000;
const partitionsIntervalMs = 600_000;

/** Delivers events until it is stopped. On connections of its own: receivers must not be able to slow a request down. */
export function deliverEvents(
  foundation: Foundation,
  { attempted, seen, mailed }: DeliveryListener,
): DeliveryService {
  const { configuration, guard, clock, receiverSeal: seal, keyStore, log } = foundation;
  const { timeoutMs, firstRetryMs, attempts, allowPrivateAddresses, intervalMs } = configuration.delivery;
  const prisma = new PrismaService(configuration.database, 2, guard);
  const news = new NewsStore(prisma);
  const store = new DeliveryStore(prisma, configuration.adminUrl, news);
  const report = (err: unknown) => log.warn({ err }, 'delivering events failed; it is tried again');
  const sign = signWith(keyStore, clock);
  const courier = new Courier({
    store,
    clock,
    compose: {
      webhook: composeWebhook(seal),
      logout: composeLogout(configuration.issuer, sign),
      set_push: composePush(configuration.issuer, sign, seal),
    },
    send: outboundFetch({ allowInside: allowPrivateAddresses, timeoutMs }),
    patience: { ...usualPatience, firstMs: firstRetryMs, maxAttempts: attempts },
    timeoutMs,
    attempted: (kind, outcome, eventAt) => attempted(kind, outcome, Math.max(0, clock.now() - eventAt)),
    report,
  });
  const prune = () => store.prune(plus(clock.now(), seconds(-configuration.eventRetention.events)), 1_000);
  const people = new AccountLetters(prisma, foundation.mails);
  const mail = mailSender(foundation, mailed);
  const watch = new Watch({
    store: new WatchStore(prisma, news),
    log: new EventLog(prisma),
    clock,
    thresholds: thresholdsOf(configuration),
    answers: answersOf(configuration),
    end: endConcerned(foundation),
    seen,
    ...(mail ? { tell: (events, now) => people.tell(events, now) } : {}),
  });
  const history = new EventHistory(prisma, configuration.eventRetention);
  const loops = new BackgroundLoops(log, 'warn');
  loops.every(intervalMs, 'delivering events', () => courier.run());
  loops.every(intervalMs, 'watching events', () => watch.run());
  if (mail) loops.every(intervalMs, 'sending mail', () => mail.run());
  loops.every(pruneIntervalMs, 'deleting old deliveries', prune);
  loops.every(sealIntervalMs, 'sealing the history', () => history.seal(clock.now()));
  loops.every(partitionsIntervalMs, 'keeping partitions', () => history.keep(clock.now()));
  return {
    store,
    async stop() {
      await loops.stop();
      await courier.stop();
      mail?.close();
      await watch.stop().catch(report);
      await prisma.$disconnect();
    },
  };
}
