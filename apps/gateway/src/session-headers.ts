import type { TokenFacts } from '@curfew/resource-server';

const secondsUntil = (deadline: number, now: number): string =>
  String(Math.max(0, Math.floor((deadline - now) / 1000)));

/**
 * Tells the client how long its session lasts, in relative seconds because clocks of clients are often wrong: an
 * application can warn the person before the idle end.
 */
export function sessionHeaders(facts: TokenFacts | null, now: number): Record<string, string> {
  const { idleDeadline, idleWarningAt, absoluteDeadline } = facts ?? {};
  return {
    ...(idleDeadline === undefined ? {} : { 'X-Session-Idle-Expires-In': secondsUntil(idleDeadline, now) }),
    ...(idleWarningAt === undefined ? {} : { 'X-Session-Idle-Warning-In': secondsUntil(idleWarningAt, now) }),
    ...(absoluteDeadline === undefined
      ? {}
      : { 'X-Session-Expires-In': secondsUntil(absoluteDeadline, now) }),
  };
}
