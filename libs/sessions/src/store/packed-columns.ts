import { type RequestSignals, type Session, unknownSignals } from '@curfew/session-policy';

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
