import { HashingQuestions } from '@curfew/accounts';
import type { Configuration } from '@curfew/config';
import { prepareDatabase } from '@curfew/persistence';
import { createLog, stopOnSignals } from '@curfew/web';
import type { Registry } from 'prom-client';
import { startAuthServer } from '../auth-server.js';
import { isWord, type WordToPrimary, type WordToWorker } from './messages.js';

/** The worker that looks after what one process of a machine is enough for; its successor has its number. */
const caretaker = 1;

/** Runs the authorization server as one worker of several. It ends, at once, when the primary does: Node sees to that. */
export async function runWorker(configuration: Configuration): Promise<void> {
  const told = heard('build');
  say({ curfew: 'here' });
  const { worker, installs } = await told;
  const log = createLog('auth-server', configuration.logLevel).child({ worker });
  if (installs) await prepareDatabase(configuration, (note) => log.warn(note));
  const server = await startAuthServer(configuration, log, {
    hashing: hashingAtPrimary(),
    worker,
    makesFirstRunData: installs,
    runsJobsOfAll: worker === caretaker,
    async mayListen() {
      const told = heard('listen');
      say({ curfew: 'built' });
      await told;
    },
    async showFigures(registry) {
      showFigures(registry);
      return undefined;
    },
  });
  stopOnSignals(async () => {
    await server.stop();
    return true;
  }, log);
  say({ curfew: 'serving', port: server.port });
}

/** A message that cannot be sent does not matter: the primary is gone, and this process exits. */
function say(word: WordToPrimary): void {
  process.send?.(word, undefined, undefined, () => {});
}

function heard<K extends WordToWorker['curfew']>(kind: K): Promise<WordToWorker & { readonly curfew: K }> {
  return new Promise((resolve) => {
    const listener = (message: unknown): void => {
      if (!isWord<WordToWorker>(message) || message.curfew !== kind) return;
      process.off('message', listener);
      resolve(message as WordToWorker & { readonly curfew: K });
    };
    process.on('message', listener);
  });
}

function hashingAtPrimary(): HashingQuestions {
  const questions = new HashingQuestions((question) => {
    process.send?.(question, undefined, undefined, () => {});
    return true;
  });
  process.on('message', (message) => questions.heard(message));
  return questions;
}

function showFigures(registry: Registry): void {
  process.on('message', (message) => {
    if (!isWord<WordToWorker>(message) || message.curfew !== 'figures') return;
    const { id } = message;
    registry.getMetricsAsJSON().then(
      (figures) => say({ curfew: 'figures', id, figures }),
      () => say({ curfew: 'figures', id, figures: null }),
    );
  });
}
