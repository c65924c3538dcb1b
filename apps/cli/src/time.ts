import { wallClock } from '@curfew/clock';
import { parseDuration } from '@curfew/session-policy';
import { CommandError, exitCodes } from './exit.js';

/** An instant as the API wants it, from RFC 3339 or from a duration that has passed: "2h", "7d". */
export function instantFrom(text: string): string {
  const duration = parseDuration(text);
  if (duration !== null) return new Date(wallClock() - duration * 1_000).toISOString();
  if (/^\d{4}-\d{2}-\d{2}/.test(text) && !Number.isNaN(Date.parse(text))) return new Date(text).toISOString();
  throw new CommandError(
    'a time must be written like 2027-01-31T12:00:00Z, or like 2h for two hours ago',
    exitCodes.usage,
  );
}

/** The seconds of a duration with a unit, such as 1s. */
export function secondsOf(text: string): number {
  const duration = parseDuration(text);
  if (duration !== null) return duration;
  throw new CommandError(
    `--pause ${JSON.stringify(text)}: must be a duration with a unit, such as 1s`,
    exitCodes.usage,
  );
}
