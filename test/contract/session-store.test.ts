import { seconds } from '@curfew/session-policy';
import { MemorySessionStore } from '../support/memory-session-store.js';
import { MemorySweepStore } from '../support/memory-sweep-store.js';
import { describeProofs } from './session-proofs-contract.js';
import { describeSiblings } from './session-siblings-contract.js';
import { describeStore } from './session-store-contract.js';

const inMemory = async () => {
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
};

describeStore('in memory', inMemory);
describeProofs('in memory', inMemory);
describeSiblings('in memory', inMemory);
