import { type Seconds, seconds } from './time.js';

const unitSeconds = { d: 86_400, h: 3_600, m: 60, s: 1 } as const;
type Unit = keyof typeof unitSeconds;
const units: readonly Unit[] = ['d', 'h', 'm', 's'];

/** Reads "15m", "1h30m" or a whole number of seconds; null for anything else. */
export function parseDuration(input: unknown): Seconds | null {
  if (typeof input === 'number') return Number.isSafeInteger(input) && input >= 0 ? seconds(input) : null;
  if (typeof input !== 'string') return null;
  const parts = /^(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?$/.exec(input);
  if (!parts || input === '') return null;
  return seconds(
    units.reduce((total, unit, index) => total + Number(parts[index + 1] ?? 0) * unitSeconds[unit], 0),
  );
}

/** Writes a duration with the largest unit that divides it: "90m", "12h", "0s". */
export function formatDuration(duration: Seconds): string {
  const unit = units.find((candidate) => duration !== 0 && duration % unitSeconds[candidate] === 0) ?? 's';
  return `${duration / unitSeconds[unit]}${unit}`;
}
