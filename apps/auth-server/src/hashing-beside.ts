import { HashingProcess } from '@curfew/accounts';
import type { Configuration } from '@curfew/config';
import type { Logger } from 'pino';

/** The process that hashes passwords beside this one; it starts at the first password, or when it is told to. */
export const hashingBeside = ({ hashing }: Configuration, log: Logger): HashingProcess =>
  new HashingProcess({
    concurrency: hashing.concurrency,
    onEnd: (end) =>
      end.starved
        ? log.info(end, 'passwords waited too long behind other work; a process that takes part takes over')
        : log.error(end, 'the process that hashes passwords ended; another one takes its place'),
  });
