import { registryChannel } from '@curfew/clients';
import { clockChannel, DatabaseListener, nameOfListener } from '@curfew/persistence';
import { signingKeysChannel } from '@curfew/tokens';
import type { Foundation } from './open-foundation.js';

/** Handlers of one process for announcements, in addition to those of every process. */
export interface AnnouncementHandlers {
  /** By channel; each is given the payload. */
  readonly channels: ReadonlyMap<string, (payload: string) => void>;
  /** Takes the signing keys as they are now. */
  readonly reloadKeys: () => Promise<unknown>;
  /** Announcements may have been missed. */
  readonly onGap?: () => void;
}

/** One connection that hears what other processes announce: policies and registrations, signing keys, the clock, and `also`. */
export function hearAnnouncements(
  { configuration, prisma, registry, clock, log }: Foundation,
  also: AnnouncementHandlers,
): DatabaseListener {
  const report = (subject: string) => (err: unknown) => log.error({ err }, subject);
  const reloadKeys = () => void also.reloadKeys().catch(report('reading the signing keys'));
  const remeasure = () => void clock.remeasure().catch(report('measuring the clock'));
  const own = [registryChannel, signingKeysChannel, clockChannel];
  return new DatabaseListener(
    {
      url: configuration.database.directUrl.reveal(),
      through: prisma.direct,
      name: nameOfListener(configuration),
    },
    [...new Set([...own, ...also.channels.keys()])],
    {
      onNotification: (channel, payload) => {
        registry.handlers.onNotification(channel, payload);
        if (channel === signingKeysChannel) reloadKeys();
        if (channel === clockChannel) remeasure();
        also.channels.get(channel)?.(payload);
      },
      onLost: (err) => {
        log.warn({ err }, 'announcements cannot be heard; the database is asked every time');
        registry.handlers.onLost?.(err);
      },
      onGap: () => {
        registry.handlers.onGap?.();
        reloadKeys();
        remeasure();
        also.onGap?.();
      },
    },
  );
}
