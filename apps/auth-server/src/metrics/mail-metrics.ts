import type { Clock } from '@curfew/clock';
import type { MailOutcome, MailStore } from '@curfew/mail';
import { Counter, type Registry } from 'prom-client';
import { askedGauge } from './asked-gauge.js';

/** Figures of mail: the attempts to send it, and the mail that waits because its server is away. */
export class MailMetrics {
  readonly #mails: Counter<'kind' | 'outcome'>;

  constructor(private readonly registry: Registry) {
    this.#mails = new Counter({
      name: 'curfew_mails_total',
      help: 'Attempts to send a mail, by its kind and outcome.',
      labelNames: ['kind', 'outcome'],
      registers: [registry],
    });
  }

  /** Counts an attempt to send a mail. */
  readonly mailed = (kind: string, outcome: MailOutcome): void => {
    this.#mails.inc({ kind, outcome });
  };

  /** Measures the mail that waits whenever somebody asks. */
  measure(store: MailStore, clock: Clock): void {
    const gauge = (name: string, help: string, read: () => Promise<number>) =>
      askedGauge(this.registry, { name, help, labelNames: [], read: async () => [[{}, await read()]] });
    const depth = () => store.depth(clock.now());
    gauge('curfew_mail_waiting', 'Mails that wait to be sent.', async () => (await depth()).waiting);
    gauge(
      'curfew_mail_failing',
      'Mails that wait after a failed attempt: the mail server is away, or refuses.',
      async () => (await depth()).failing,
    );
    gauge(
      'curfew_mail_oldest_seconds',
      'Age of the oldest mail that waits.',
      async () => (await depth()).oldestMs / 1000,
    );
  }
}
