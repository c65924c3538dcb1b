import type { StoredEvent } from '@curfew/events/delivery';
import type { PrismaService } from '@curfew/persistence';
import type { Instant } from '@curfew/session-policy';
import { learnPlaces, type SeenSignIn } from './known-place.store.js';
import { toldChanges } from './letter-words.js';
import type { NewMail } from './mail.js';
import type { MailStore } from './mail.store.js';

/**
 * Writes to people about what happened to their accounts. It reads the events, which stand in the commits of the acts themselves, so that
 * neither a sign-in nor a change of a factor costs a statement more. An event that is read twice makes the same mail.
 */
export class AccountLetters {
  constructor(
    private readonly prisma: PrismaService,
    private readonly mails: MailStore,
  ) {}

  async tell(events: readonly StoredEvent[], now: Instant): Promise<void> {
    const signIns = events.flatMap(signInIn);
    const changes = events.flatMap(changeIn);
    if (signIns.length + changes.length === 0) return;
    await this.prisma.$transaction(async (tx) => {
      const elsewhere = signIns.length === 0 ? [] : await learnPlaces(signIns, now, tx);
      const concerned = [...new Set(changes.map(({ accountId }) => accountId!))];
      const reached = await tx.accountProfile.findMany({
        where: { accountId: { in: concerned }, emailVerified: true },
        select: { accountId: true },
      });
      const ids = new Set(reached.map(({ accountId }) => accountId));
      const told = changes.filter(({ accountId }) => ids.has(accountId!));
      await this.mails.put([...elsewhere.map(mailOfSignIn), ...told], now, tx);
    });
  }
}

const signInIn = ({ id, type, accountId, data, at }: StoredEvent): SeenSignIn[] =>
  type === 'signin.succeeded' && accountId !== null
    ? [{ id, accountId, at, signals: data['signals'] as SeenSignIn['signals'], language: languageIn(data) }]
    : [];

const languageIn = ({ language }: StoredEvent['data']): string | null =>
  typeof language === 'string' ? language : null;

const mailOfSignIn = ({ id, accountId, at, signals }: SeenSignIn): NewMail => ({
  id,
  kind: 'new_sign_in',
  accountId,
  facts: {
    at,
    browser: signals.userAgentFamily ?? null,
    system: signals.operatingSystem ?? null,
    ip: signals.ip ?? null,
    country: signals.country ?? null,
  },
});

const changeIn = ({ id, type, accountId, data, at }: StoredEvent): NewMail[] =>
  type === 'account.changed' && accountId !== null && isTold(data['change'])
    ? [{ id, kind: 'security_change', accountId, facts: { at, change: String(data['change']) } }]
    : [];

const isTold = (change: unknown): boolean => toldChanges.some((told) => told === change);
