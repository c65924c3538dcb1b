import { milliseconds } from '@curfew/persistence';
import {
  type EndReason,
  type Instant,
  type RequestSignals,
  type Session,
  sessionFields,
  unknownSignals,
} from '@curfew/session-policy';
import {
  fixedValues,
  initially,
  type SessionField,
  type SessionFieldKind,
  type SessionFieldValues,
  signedIn,
} from '@curfew/session-policy/session-field';

/*
 * The two JSON columns of a session are most of its size, and most of them can be told from its other columns. Members that follow from
 * those are left out when a session is stored; `~` names the members left out, a letter each, so that a member which was never there is not
 * made up, and rows without it are read as they are.
 */
type Members = Readonly<Record<string, unknown>>;
type Around = Pick<Session, 'id' | 'keyThumbprint' | 'signedInAt' | 'resources'>;

/** Each with its letter, and what it is where it goes without saying; undefined where nothing can be said. */
const implied: readonly (readonly [
  letter: string,
  member: string,
  of: (row: Around, rest: Members) => unknown,
])[] = [
  ['s', 'sid', ({ id }) => id],
  ['t', 'authTime', ({ signedInAt }) => Math.floor(signedInAt / 1000)],
  ['g', 'gty', () => 'authorization_code'],
  ['a', 'amr', () => ['pwd']],
  ['j', 'jkt', ({ keyThumbprint }) => keyThumbprint ?? undefined],
  ['r', 'resource', ({ resources }) => (resources.length === 1 ? resources[0] : undefined)],
  ['o', 'grant', wholeGrant],
];
const leftOut = '~';
const ofOpenid = new Set(['openid', 'offline_access', 'profile', 'email', 'address', 'phone']);

/** The grant where everything asked for was granted: OpenID's scopes apart from those of the one API there is, if any. */
function wholeGrant({ resources: [api, ...others] }: Around, { scope }: Members): unknown {
  if (typeof scope !== 'string' || others.length > 0) return undefined;
  if (api === undefined) return { openid: { scope }, rejected: {} };
  const asked = scope.split(' ');
  const openid = asked.filter((one) => ofOpenid.has(one)).join(' ');
  const granted = asked.filter((one) => !ofOpenid.has(one)).join(' ');
  const grant: Record<string, unknown> = {};
  if (openid !== '') grant['openid'] = { scope: openid };
  if (granted !== '') grant['resources'] = { [api]: granted };
  grant['rejected'] = {};
  return grant;
}

/** The authorization, without the members that follow from the rest of the row. */
export function packAuthorization(row: Around & { readonly authorization: Members }): Members {
  const kept: Record<string, unknown> = { ...row.authorization };
  let letters = '';
  for (const [letter, member, of] of implied) {
    if (kept[member] === undefined || !isSame(kept[member], of(row, row.authorization))) continue;
    delete kept[member];
    letters += letter;
  }
  return letters === '' ? kept : { [leftOut]: letters, ...kept };
}

/** The authorization, whole again. */
export function unpackAuthorization(packed: Members, row: Around): Members {
  const letters = packed[leftOut];
  if (typeof letters !== 'string') return packed;
  const whole: Record<string, unknown> = {};
  for (const member in packed) if (member !== leftOut) whole[member] = packed[member];
  for (const [letter, member, of] of implied)
    if (letters.includes(letter) && !(member in whole)) whole[member] = of(row, packed);
  return whole;
}

/** Circumstances as a row has them: known ones, two of them by a short name (the index of user agents knows both). */
export type PackedSignals = Partial<RequestSignals> & { readonly ua?: string; readonly os?: string };

/** The circumstances of a sign-in, without those that are unknown or follow from the address. */
export function packSignals({
  userAgentFamily: ua,
  operatingSystem: os,
  ...signals
}: RequestSignals): PackedSignals {
  const members = Object.entries({ ua, os, ...signals });
  const known = Object.fromEntries(members.filter(([, value]) => value !== null));
  const follows = ipv4Prefix(signals.ip);
  if (signals.prefix === follows) delete known['prefix'];
  else known['prefix'] = signals.prefix;
  return known;
}

/** The circumstances of a sign-in, whole again. */
export function unpackSignals({ ua, os, ...packed }: PackedSignals): RequestSignals {
  return {
    ...unknownSignals,
    ...packed,
    prefix: packed.prefix === undefined ? ipv4Prefix(packed.ip ?? null) : packed.prefix,
    userAgentFamily: packed.userAgentFamily ?? ua ?? null,
    operatingSystem: packed.operatingSystem ?? os ?? null,
  };
}

/** The /24 of an IPv4 address as `RequestSignals` has it; null for anything else. */
const ipv4Prefix = (ip: string | null): string | null => {
  const network = /^(\d+\.\d+\.\d+)\.\d+$/.exec(ip ?? '')?.[1];
  return network === undefined ? null : `${network}.0/24`;
};

const isSame = (a: unknown, b: unknown): boolean =>
  b !== undefined && JSON.stringify(a) === JSON.stringify(b);

/**
 * The fields of a session that are stored: those that decisions need, and those that other rooms keep beside them. Each has a column of its
 * name in snake case; the statements that read and start sessions follow from this table. `prisma/schema.prisma` has the same columns.
 */
export const storedFields = {
  browserSessionUid: signedIn<string | null>('text'),
  ...sessionFields,
  /** Offline sessions (scope offline_access) outlive their browser session. */
  offline: signedIn<boolean>('flag'),
  startedAt: signedIn<Instant>('instant'),
  /** All that was authorized; opaque to this room, written once. */
  authorization: signedIn<Readonly<Record<string, unknown>>>('authorization'),
  /** SHA-256 of the live refresh token's secret; null for a session without one. */
  tokenHash: signedIn<Uint8Array | null>('bytes'),
  successorSeal: initially<Uint8Array | null>(null, 'bytes'),
  shadowEnd: initially<Instant | null>(null, 'instant'),
  afterIdleCut: initially<boolean>(false, 'flag'),
};

/** An instant as the driver wants it. */
export const atDate = (value: Instant): Date => new Date(value);

/** A session as its row holds it. */
export interface StoredSession extends SessionFieldValues<typeof storedFields> {}

/** The authentication methods (`amr`) of the sign-in that a session came of. */
export const methodsOf = ({
  authorization,
}: Pick<StoredSession, 'authorization'>): readonly string[] | undefined =>
  authorization['amr'] as readonly string[] | undefined;

/** The values of the fields that are the same at each start. */
export const storedAtStart = fixedValues(storedFields);

/** The name of a stored field. */
export type StoredField = keyof StoredSession;

/** How the values of a kind are selected, read and written to JSON; a kind that leaves one out takes them as they are. */
interface ColumnKind {
  readonly select?: (column: string) => string;
  readonly read?: (value: unknown) => unknown;
  readonly write?: (value: unknown, session: StoredSession) => unknown;
}

const kinds: { readonly [Kind in SessionFieldKind]: ColumnKind } = {
  uuid: {},
  text: {},
  texts: {},
  flag: {},
  count: {},
  instant: {
    select: milliseconds,
    read: (value) => Math.round(value as number),
    write: (value) => new Date(value as number).toISOString(),
  },
  bytes: { write: (value) => `\\x${Buffer.from(value as Uint8Array).toString('hex')}` },
  // It is read whole by `readStored`, which knows the row around it.
  authorization: { write: (_, session) => packAuthorization(session) },
  signals: {
    read: (value) => unpackSignals(value as PackedSignals),
    write: (value) => packSignals(value as RequestSignals),
  },
  end: {
    select: (column) =>
      `CASE WHEN ${column}_at IS NOT NULL THEN jsonb_build_object('at', ${milliseconds(`${column}_at`)}, 'reason', s.end_reason) END`,
    read: (value) => {
      const { at, reason } = value as { at: number; reason: EndReason };
      return { at: Math.round(at), reason };
    },
  },
};

interface Column {
  readonly name: string;
  readonly read: ((value: unknown) => unknown) | undefined;
  readonly initial: unknown;
}

const fields: { readonly [Name in StoredField]: SessionField<unknown> } = storedFields;
const names = Object.keys(fields) as readonly StoredField[];
const columnOf = (name: StoredField): string =>
  name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Columns of `session s` in an order, and how a row of them is read. */
export interface Selection<Selected> {
  /** Each with the name of its field. */
  readonly columns: string;
  /** Reads a row whose columns begin at a place. */
  readonly read: (row: readonly unknown[], from: number) => Selected;
}

/** The columns of these fields. A column that is null, because its row is older, has the value of a start. */
export function selectionOf<Name extends StoredField>(
  selected: readonly Name[],
): Selection<Pick<StoredSession, Name>> {
  const columns = selected.map((name): Column => {
    const { kind, initial = null } = fields[name];
    return { name, read: kinds[kind].read, initial };
  });
  const blank: Record<string, unknown> = Object.fromEntries(selected.map((name) => [name, null]));
  return {
    columns: selected
      .map((name) => {
        const column = `s.${columnOf(name)}`;
        return `${kinds[fields[name].kind].select?.(column) ?? column} AS "${name}"`;
      })
      .join(', '),
    read: (row, from) => {
      const values = { ...blank };
      for (let place = 0; place < columns.length; place++) {
        const { name, read, initial } = columns[place]!;
        const value = row[from + place];
        values[name] = value === null ? initial : read ? read(value) : value;
      }
      return values as Pick<StoredSession, Name>;
    },
  };
}

const whole = selectionOf(names);

/** All columns of `session s` that `readStored` reads. */
export const storedColumns = whole.columns;

/** The session of a row whose `storedColumns` begin at a place. */
export function readStored(row: readonly unknown[], from: number): StoredSession {
  const session: { -readonly [Name in StoredField]: StoredSession[Name] } = whole.read(row, from);
  session.authorization = unpackAuthorization(session.authorization, session);
  return session;
}

/** The session of a row with `storedColumns` by their names. */
export const readNamed = (row: Readonly<Record<string, unknown>>): StoredSession =>
  readStored(
    names.map((name) => row[name]),
    0,
  );

const startNames = names.filter((name) => !('initial' in fields[name]));

/** The columns a new session is written with, and no others: those with an initial value have it by default, also those of a later version. */
export const startColumns: readonly string[] = [...startNames.map(columnOf), 'check_after'];

/** A new session as one JSON parameter for `jsonb_populate_record(NULL::session, …)`: those columns, by their names. */
export function startValues(session: StoredSession): string {
  const written: Record<string, unknown> = {};
  for (const name of startNames) {
    const value = session[name];
    const { write } = kinds[fields[name].kind];
    written[columnOf(name)] = value === null || !write ? value : write(value, session);
  }
  written['check_after'] = written['expires_at'];
  return JSON.stringify(written);
}
