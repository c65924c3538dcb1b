const units = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
] as const;

/** A length of time in its two largest units: `1 h 5 min`. */
export function durationWords(seconds: number): string {
  let left = Math.max(0, Math.round(seconds));
  const parts: string[] = [];
  for (const [unit, size] of units) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(`${count} ${unit}`);
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.length === 0 ? '0 s' : parts.join(' ');
}

/** A length of time as people write one into a field, in the largest unit that is whole: `90m`. */
export function writtenLength(seconds: number): string {
  const written = [
    ['d', 86_400],
    ['h', 3_600],
    ['m', 60],
  ] as const;
  const found = written.find(([, size]) => seconds >= size && seconds % size === 0);
  return found ? `${seconds / found[1]}${found[0]}` : `${seconds}s`;
}

/** A clock that counts down: `14:59`, with hours where there are any. */
export function clockWords(seconds: number): string {
  const left = Math.max(0, Math.floor(seconds));
  const two = (value: number) => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(left / 3600), Math.floor((left % 3600) / 60)];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(left % 60)}` : `${minutes}:${two(left % 60)}`;
}

/** How long ago an instant was, or how soon it comes. */
export function relativeWords(at: number, now: number): string {
  const seconds = Math.round((now - at) / 1000);
  if (Math.abs(seconds) < 5) return 'now';
  const [first = ''] = /^\d+ \w+/.exec(durationWords(Math.abs(seconds))) ?? [];
  return seconds > 0 ? `${first} ago` : `in ${first}`;
}

const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long' });
const timeOfDay = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });

/** An instant in full, in the time zone of the operator. */
export const exactWords = (at: string | number): string => exact.format(new Date(at));

/** The time of day of an instant. */
export const timeOfDayWords = (at: string | number): string => timeOfDay.format(new Date(at));
