import type { IncomingMessage } from 'node:http';
import type { OpenedRefreshToken } from '@curfew/sessions';

interface Kept {
  readonly value: string;
  readonly opened: OpenedRefreshToken;
}

const kept = new WeakMap<IncomingMessage, Kept>();

/** Leaves what the fast lane has read for the library, which takes over the same request: a refresh is one read. */
export function keepOpened(request: IncomingMessage, value: string, opened: OpenedRefreshToken): void {
  kept.set(request, { value, opened });
}

/** What was read for this token of this request, once; whoever asks again wants to know how things stand by then. */
export function takeOpened(request: IncomingMessage, value: string): OpenedRefreshToken | undefined {
  const found = kept.get(request);
  kept.delete(request);
  return found?.value === value ? found.opened : undefined;
}
