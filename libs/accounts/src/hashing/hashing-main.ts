import { readdirSync } from 'node:fs';
import { setPriority } from 'node:os';
import { answerHashing } from './exchange.js';
import { hashingHere } from './hashing.js';

// The process that hashes passwords and does nothing else. It is asked over the pipe it was born with, and ends with it.

/** A low priority, so that everything else the machine does comes before hashing. */
const priority = 10;

/** Linux keeps a priority for each thread, and the threads that will hash are there already; new ones inherit theirs. */
const threads = (): readonly number[] => {
  try {
    return readdirSync('/proc/self/task').map(Number);
  } catch {
    return [process.pid];
  }
};

for (const thread of threads()) {
  try {
    setPriority(thread, priority);
  } catch {
    // Some machines do not let it; then it hashes at the priority it has.
  }
}

// Ctrl-C and supervisors tell a whole group; this one goes when whoever asks it goes.
process.on('SIGINT', () => {}).on('SIGTERM', () => {});
process.once('disconnect', () => process.exit(0));
process.on('message', (message) => {
  answerHashing(hashingHere, message, (answer) => {
    if (process.connected) process.send?.(answer);
  });
});
