import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { StagedWrites } from '@curfew/artifacts';
import { type Instant, unknownSignals } from '@curfew/session-policy';
import { begunScope, currentScope, type RequestScope, withScope } from './request-scope.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const scopeOf = (): RequestScope => ({
  now: 1_800_000_000_000 as Instant,
  signals: unknownSignals,
  staged: new StagedWrites(),
});

describe('the scope of a request', () => {
  it('is found by all that runs for it, also after a turn of the event loop', async () => {
    const scope = scopeOf();
    const found = await withScope(scope, async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return currentScope();
    });
    expect(found).toBe(scope);
    expect(begunScope()).toBeUndefined();
  });

  it('is let go when the work is done, or has failed, whatever timers were set meanwhile', async () => {
    const timers: NodeJS.Timeout[] = [];
    const begun = async (fails: boolean): Promise<WeakRef<RequestScope>> => {
      const scope = scopeOf();
      await withScope(scope, async () => {
        timers.push(setTimeout(() => {}, 60_000));
        if (fails) throw new Error('for the test');
      }).catch(() => {});
      return new WeakRef(scope);
    };
    const left = [await begun(false), await begun(true)];
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    expect(left.map((scope) => scope.deref())).toEqual([undefined, undefined]);
    for (const timer of timers) clearTimeout(timer);
  });
});
