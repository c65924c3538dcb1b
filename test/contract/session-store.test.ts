import { seconds } from '@curfew/session-policy';
import { MemorySessionStore, MemorySweepStore } from '@curfew/sessions';
import { describeStore } from './session-store-contract.js';

describeStore('in memory', async () => {
  const store = new MemorySessionStore({ ended: seconds(86_400) });
  const sweep = new MemorySweepStore(store);
  return {
    store,
    other: store,
    sweep,
    otherSweep: sweep,
    events: async () => store.events as never,
    check: async () => {},
    close: async () => {},
  };
});
