// The one place that knows how failures of the database look, after pg, its pool, Prisma's adapter and Prisma itself have each wrapped
// them in their own way. A failure is a chain (cause, Prisma's `meta.driverAdapterError`, the parts of an AggregateError); it is what
// any of its links is.

interface Link {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  readonly originalCode?: unknown;
  readonly kind?: unknown;
}

/** Prisma: not reachable, timed out, closed, no free connection, transaction could not start or is gone, write conflict. */
const prismaCodes = new Set([
  'P1000',
  'P1001',
  'P1002',
  'P1003',
  'P1008',
  'P1010',
  'P1011',
  'P1017',
  'P2024',
  'P2028',
]);

/** Kinds of Prisma's driver adapter. Credentials and names count too: as long as they are wrong, no state can be read. */
const adapterKinds = new Set([
  'DatabaseNotReachable',
  'DatabaseDoesNotExist',
  'DatabaseAccessDenied',
  'AuthenticationFailed',
  'ConnectionClosed',
  'TlsConnectionError',
  'TooManyConnections',
  'SocketTimeout',
  'TransactionAlreadyClosed',
]);

const socketCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT', // the socket folder of a server that does not run
]);

/**
 * SQLSTATE (PostgreSQL, appendix A): connection exceptions, insufficient resources, shutdown and start-up, statement timeout, lock
 * timeout, ended idle transaction, the read-only answer of a standby after a failover, errors of the server's system or files, and a prepared
 * statement that a pooler forgot or has twice.
 */
const unavailableState =
  /^(08...|53...|57P0[1-5]|57014|55P03|25P03|25P04|25006|26000|28...|3D000|42P05|58...)$/;
const conflictState = /^(40001|40P01)$/;

/** Failures of the driver and its pool that carry nothing but a text. */
const driverTexts =
  /^(Connection terminated|Query read timeout|timeout expired|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed|Connection ended|Cannot use a pool after calling end)/;

/**
 * Tells whether the database could not be asked, or could not do it now (lost, starting, overloaded, or in conflict even after retries).
 * Such a request is answered with 503, and means nothing else: in particular no reuse.
 */
export function isDatabaseUnavailable(error: unknown): boolean {
  return links(error).some((link) => linkIsUnavailable(link) || linkIsConflict(link));
}

/** Tells whether a statement was cancelled because it took longer than the statement timeout. */
export function isStatementTimeout(error: unknown): boolean {
  return links(error).some(({ code, originalCode }) => code === '57014' || originalCode === '57014');
}

/** Tells whether the transaction lost against another one (serialization failure, deadlock) and may simply be run again. */
export function isRetryable(error: unknown): boolean {
  return links(error).some(linkIsConflict);
}

/** Tells whether a unique constraint or index refused a row; with `constraint`, whether it was the one of that name. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  const chain = links(error);
  const violated = chain.some(
    ({ code, originalCode, kind }) =>
      code === 'P2002' ||
      code === '23505' ||
      originalCode === '23505' ||
      kind === 'UniqueConstraintViolation',
  );
  return violated && (constraint === undefined || chain.some((link) => namesConstraint(link, constraint)));
}

function linkIsUnavailable({ name, message, code, originalCode, kind }: Link): boolean {
  const codes = [code, originalCode].filter((one) => typeof one === 'string');
  return (
    codes.some((one) => prismaCodes.has(one) || socketCodes.has(one) || unavailableState.test(one)) ||
    (typeof kind === 'string' && adapterKinds.has(kind)) ||
    name === 'PrismaClientInitializationError' ||
    (typeof message === 'string' && driverTexts.test(message))
  );
}

function linkIsConflict({ code, originalCode, kind }: Link): boolean {
  return (
    code === 'P2034' ||
    kind === 'TransactionWriteConflict' ||
    [code, originalCode].some((one) => typeof one === 'string' && conflictState.test(one))
  );
}

function namesConstraint(link: Link, name: string): boolean {
  const { constraint, originalMessage } = link as { constraint?: unknown; originalMessage?: unknown };
  if (constraint === name) return true;
  if ((constraint as { index?: unknown } | undefined)?.index === name) return true;
  return typeof originalMessage === 'string' && originalMessage.includes(`"${name}"`);
}

/** Every object that takes part in a failure; bounded, because chains may be circular. */
function links(error: unknown): Link[] {
  const found = new Set<object>();
  const queue: unknown[] = [error];
  while (queue.length > 0 && found.size < 20) {
    const next = queue.shift();
    if (typeof next !== 'object' || next === null || found.has(next)) continue;
    found.add(next);
    const { cause, meta, errors } = next as { cause?: unknown; meta?: unknown; errors?: unknown };
    queue.push(cause, (meta as { driverAdapterError?: unknown } | undefined)?.driverAdapterError);
    if (Array.isArray(errors)) queue.push(...errors);
  }
  return [...found] as Link[];
}
