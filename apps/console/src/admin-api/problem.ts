/** A fault of one field, by its place in the request: `body/settings/inactivityTimeout`. */
export interface Fault {
  readonly at: string;
  readonly detail: string;
}

/** A refusal of the admin API or of the gateway before it, or the lack of any answer (`status` 0). */
export class Problem extends Error {
  override readonly name = 'Problem';

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly faults: readonly Fault[] = [],
    readonly requestId: string | null = null,
  ) {
    super(message);
  }

  /** The words against a field. */
  faultOf(field: string): string | undefined {
    return this.faults.find((fault) => isAbout(fault, field))?.detail;
  }
}

/**
 * Whether a fault is about a field: it stands at its place or below it (`body/scopes/1` is about `scopes`), or it is a rule about several
 * members, whose sentence begins with the field (`floor must be …`, `canary.share must be …`).
 */
export function isAbout({ at, detail }: Fault, field: string): boolean {
  if (`/${at}/`.includes(`/${field}/`)) return true;
  const said = field.replaceAll('/', '.');
  return detail.startsWith(`${said} `) || detail.startsWith(`${said}:`);
}

/** The refusal in an error; undefined for every other error. */
export const problemIn = (error: unknown): Problem | undefined =>
  error instanceof Problem ? error : undefined;

/** No answer came: the connection or the admin API is away. An act may have been carried out all the same, so its outcome is open. */
export const connectionLost = (method: string): Problem =>
  new Problem(
    0,
    'connection_lost',
    method === 'GET'
      ? 'The admin API does not answer. Nothing was changed.'
      : 'The admin API does not answer. It may or may not have done this; look again once the connection is back.',
  );

/** Whether a change was refused because somebody else has changed the same meanwhile. */
export const isOvertaken = (error: unknown): boolean => problemIn(error)?.status === 412;

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

const isFault = (value: unknown): value is Fault =>
  typeof value === 'object' && value !== null && 'at' in value && 'detail' in value;

/** Reads the body of a refusal: problem details (RFC 9457) of the admin API, or an OAuth error of the gateway. */
export function problemOf(status: number, body: unknown, requestId: string | null): Problem {
  const members = (typeof body === 'object' && body !== null ? body : {}) as Readonly<
    Record<string, unknown>
  >;
  const code = text(members['code']) ?? text(members['error']) ?? 'unknown';
  const message =
    text(members['detail']) ??
    text(members['error_description']) ??
    text(members['title']) ??
    `The admin API answered ${status}.`;
  const faults = Array.isArray(members['faults']) ? members['faults'].filter(isFault) : [];
  return new Problem(status, code, message, faults, requestId);
}
