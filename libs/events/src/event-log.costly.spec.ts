import type { PrismaService } from '@curfew/persistence';
import { instant } from '@curfew/session-policy';
import { EventLog, type NewEvent } from './event-log.js';

const event = (n: number) => ({ id: `event ${n}`, at: instant(n), type: 'session.stepped_up' }) as NewEvent;

describe('events that wait to be written', () => {
  it('are ten thousand, also after a batch that could not be written; more are dropped and counted', async () => {
    let isAway = true;
    const written: number[] = [];
    const prisma = {
      $executeRaw: async ({ values }: { values: string[] }) => {
        if (isAway) throw new RangeError('no database');
        written.push(JSON.parse(values[0]!).length);
      },
    } as unknown as PrismaService;
    const log = new EventLog(prisma);
    for (let n = 0; n < 10_000; n += 1) log.soon(event(n));
    expect(log.dropped).toBe(0);
    log.soon(event(10_000));
    expect(log.dropped).toBe(1);
    const failing = log.flush();
    log.soon(event(10_001));
    await expect(failing).rejects.toThrow('no database');
    expect(log.dropped).toBe(2);
    isAway = false;
    await log.flush();
    expect(written).toEqual([10_000]);
    log.soon(event(10_002));
    expect(log.dropped).toBe(2);
  });
});
