import { z } from 'zod';
import { Secret } from './secret.js';

// The forms a setting's text can take. Each carries in its metadata what the generated manual prints, so that manual and check cannot
// drift apart. Messages state the rule and never repeat the value.

/** A length of time in whole seconds; written as `session-policy` writes it, so that the two are one type. */
export type Seconds = number & { readonly __unit: 's' };

/** A length of time in milliseconds, the unit of Node's timers and sockets. */
export type Milliseconds = number & { readonly __unit: 'ms' };

/** At most `count` occurrences within `window`. */
export interface Rate {
  readonly count: number;
  readonly window: Seconds;
}

/** The manual's notes about a setting. */
export interface SettingNotes {
  readonly about: string;
  readonly form: string;
  readonly default?: string;
}

/** Optional text as it comes from the environment; an empty variable counts as unset, as in compose files. */
const text = () => z.string().trim();

const unitsInMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const unitsInBytes = { B: 1, KiB: 1_024, MiB: 1_048_576, GiB: 1_073_741_824 } as const;

function scaled(value: string, units: Readonly<Record<string, number>>): number | undefined {
  const [, amount, unit] = /^(\d{1,9})([a-zA-Z]+)$/.exec(value) ?? [];
  const factor = unit === undefined ? undefined : units[unit];
  return amount === undefined || factor === undefined ? undefined : Number(amount) * factor;
}

interface Bounds {
  readonly min: string;
  readonly max: string;
  readonly default?: string;
}

/** A quantity with a unit, within bounds that are written in the same way. */
function quantity<T extends number>(
  about: string,
  bounds: Bounds,
  units: Readonly<Record<string, number>>,
  of: string,
  perUnit: number,
) {
  const [min, max] = [scaled(bounds.min, units)!, scaled(bounds.max, units)!];
  const form = `${of}, ${bounds.min} – ${bounds.max}`;
  const schema = text().transform((value, context): T => {
    const amount = scaled(value, units);
    if (amount !== undefined && amount >= min && amount <= max && amount % perUnit === 0)
      return (amount / perUnit) as T;
    context.addIssue({
      code: 'custom',
      message: `must be a ${form}, such as ${bounds.default ?? bounds.min}`,
    });
    return z.NEVER;
  });
  return withDefault(schema, { about, form, ...(bounds.default ? { default: bounds.default } : {}) });
}

function withDefault<T extends z.ZodType<unknown, string>>(schema: T, notes: SettingNotes) {
  const preset = notes.default;
  // `prefault`: the default is text in the setting's own form and passes the same check.
  return (preset === undefined ? schema : schema.prefault(preset as z.input<T>)).meta({
    ...notes,
  }) as z.ZodType<z.output<T>, string | undefined>;
}

/** A duration such as `15m`, in whole seconds. */
export const duration = (about: string, bounds: Bounds) =>
  quantity<Seconds>(about, bounds, unitsInMs, 'duration', 1_000);

/** A duration such as `500ms`, for timers and sockets. */
export const timeout = (about: string, bounds: Bounds) =>
  quantity<Milliseconds>(about, bounds, unitsInMs, 'duration', 1);

/** A size such as `56KiB`, in bytes. */
export const size = (about: string, bounds: Bounds) =>
  quantity<number>(about, bounds, unitsInBytes, 'size', 1);

/** A whole number within bounds. */
export const count = (about: string, bounds: { min: number; max: number; default: number }) => {
  const form = `whole number, ${bounds.min} – ${bounds.max}`;
  const schema = text().transform((value, context): number => {
    const amount = /^\d{1,12}$/.test(value) ? Number(value) : Number.NaN;
    if (amount >= bounds.min && amount <= bounds.max) return amount;
    context.addIssue({ code: 'custom', message: `must be a ${form}` });
    return z.NEVER;
  });
  return withDefault(schema, { about, form, default: String(bounds.default) });
};

/** A rate such as `30/1m`. */
export const rate = (about: string, preset: string) => {
  const form = 'number per duration, such as 30/1m';
  const schema = text().transform((value, context): Rate => {
    const [, amount, length] = /^([1-9]\d{0,5})\/(\d+[smhd])$/.exec(value) ?? [];
    const window = length === undefined ? undefined : scaled(length, unitsInMs);
    if (window !== undefined && window >= 1_000 && window <= unitsInMs.d)
      return { count: Number(amount), window: (window / 1_000) as Seconds };
    context.addIssue({ code: 'custom', message: `must be a ${form}, over at most 1d` });
    return z.NEVER;
  });
  return withDefault(schema, { about, form, default: preset });
};

/** `true` or `false`. */
export const flag = (about: string, preset: boolean) =>
  withDefault(
    z.enum(['true', 'false'], 'must be true or false').transform((value) => value === 'true'),
    { about, form: '`true` or `false`', default: String(preset) },
  );

/** One word of a closed list. */
export const choice = <const T extends readonly [string, ...string[]]>(
  about: string,
  words: T,
  preset: T[number],
) =>
  withDefault(z.enum(words, `must be one of ${words.join(', ')}`) as z.ZodType<T[number], string>, {
    about,
    form: words.map((word) => `\`${word}\``).join(', '),
    default: preset,
  });

/** An absolute URL of one of the given schemes, without credentials or fragment; the value stays as written. */
export const url = (about: string, preset: string, schemes: readonly string[] = ['http', 'https']) => {
  const form = formOfUrl(schemes);
  return withDefault(plainUrl(schemes), { about, form, default: preset });
};

/** The address of a part of the installation; another setting gives it where it is unset. */
export const optionalUrl = (about: string) => {
  const schemes = ['http', 'https'];
  return plainUrl(schemes)
    .optional()
    .meta({ about, form: formOfUrl(schemes) });
};

const formOfUrl = (schemes: readonly string[]): string =>
  `${schemes.join(' or ')} URL without credentials, query, fragment and trailing slash`;

const plainUrl = (schemes: readonly string[]) =>
  text().refine((value) => isPlainUrl(value, schemes), `must be an ${formOfUrl(schemes)}`);

function isPlainUrl(value: string, schemes: readonly string[]): boolean {
  if (!URL.canParse(value) || /[?#\s]|\/$/.test(value)) return false;
  const { protocol, username, password } = new URL(value);
  return schemes.includes(protocol.slice(0, -1)) && username === '' && password === '';
}

/** Free text that fits a pattern. */
export const word = (about: string, pattern: RegExp, form: string, preset?: string) =>
  withDefault(text().regex(pattern, `must be ${form}`), {
    about,
    form,
    ...(preset === undefined ? {} : { default: preset }),
  });

/** The path of a file; unset unless given. */
export const path = (about: string) =>
  text()
    .max(4_096, 'must be a path')
    .optional()
    .meta({ about, form: 'path' } satisfies SettingNotes);

/** Text that is never printed, checked by `rule`. */
export const secret = (about: string, form: string, rule: (value: string) => boolean) =>
  text()
    .refine(rule, `must be ${form}`)
    .transform((value) => new Secret(value))
    .optional()
    .meta({ about, form } satisfies SettingNotes);

/** Several secrets, comma separated, newest first. */
export const secrets = (about: string, { minLength, atMost }: { minLength: number; atMost: number }) => {
  const form = `1 – ${atMost} different secrets of at least ${minLength} characters, comma separated, newest first`;
  return text()
    .transform((value) => value.split(',').map((part) => part.trim()))
    .refine(
      (parts) =>
        parts.length <= atMost &&
        new Set(parts).size === parts.length &&
        parts.every((part) => part.length >= minLength),
      `must be ${form}`,
    )
    .transform((parts): readonly Secret[] => parts.map((part) => new Secret(part)))
    .optional()
    .meta({ about, form } satisfies SettingNotes);
};
