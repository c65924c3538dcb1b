import type { EndReason } from '@curfew/session-policy';
import type { Person } from '../support/person.js';
import type { EngineClient, EngineWorld } from './engine-world.js';

/** The session that is to end, its client, and the browser it came of. */
export interface ToEnd {
  readonly client: EngineClient;
  readonly sid: string;
  readonly person: Person;
}

/** The clock policy of a client whose session is to end for this reason: the silence ends it first, or its age. */
export const clocksFor = (reason: EndReason) => ({
  accessTokenLifetime: '5m',
  absoluteLifetime: '20m',
  inactivityTimeout: reason === 'inactivity_timeout' ? '6m' : '20m',
});

/** Ends a session of account 1 for this reason: by the clock, by the person, or by whatever the engine hears it from. */
export async function endForReason(world: EngineWorld, reason: EndReason, toEnd: ToEnd): Promise<void> {
  const minute = 60;
  const now = world.clock.now();
  const whole = { reason, detail: {}, at: now } as const;
  if (reason === 'inactivity_timeout') {
    await world.pass(4 * minute);
    await toEnd.person.open(`${world.issuer}/sessions`);
    await world.pass(2 * minute);
  } else if (reason === 'absolute_lifetime') await world.pass(20 * minute);
  else if (reason === 'logout') await toEnd.person.follow(`${world.issuer}/logout`);
  else if (/^account_|^password_/.test(reason))
    await world.engine().endAll({ kind: 'account', target: await world.accountId(1), ...whole });
  else if (/^client_/.test(reason))
    await world.engine().endAll({ kind: 'client', target: toEnd.client.id, ...whole });
  else if (reason === 'restored_from_backup')
    await world.engine().endAll({ kind: 'everyone', target: '', ...whole });
  else await world.engine().end([toEnd.sid], reason, {}, now);
}
