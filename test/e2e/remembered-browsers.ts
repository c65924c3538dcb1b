import { setTimeout as pause } from 'node:timers/promises';
import { PolicyService } from '@curfew/clients';
import { ManualClock } from '@curfew/clock';
import type { ProtocolWorld } from './protocol-world.js';

/** Lets browsers be remembered for a week, and waits until somebody is offered it; the way back to the policy before. */
export async function letBrowsersBeRemembered(
  world: ProtocolWorld,
  isOffered: () => Promise<boolean>,
): Promise<() => Promise<void>> {
  const policies = new PolicyService(world.database.prisma(), new ManualClock(Date.now()));
  const before = await policies.attachedTo({ kind: 'everyone' });
  const settings = { basedOn: 'standard', rememberedBrowserDays: 7 };
  await policies.save({ name: 'remembers', previous: 0, settings, createdBy: 'test' });
  await policies.attach({ kind: 'everyone' }, 'remembers');
  for (let attempt = 0; !(await isOffered()); attempt += 1) {
    if (attempt === 100) throw new Error('the server did not hear of the policy');
    await pause(50);
  }
  return async () => {
    if (before === null) await policies.detach({ kind: 'everyone' });
    else await policies.attach({ kind: 'everyone' }, before);
  };
}
