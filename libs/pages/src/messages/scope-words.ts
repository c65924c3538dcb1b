import type { Html } from '../html.js';
import type { Language, MessageKey } from './language.js';

const known = {
  openid: 'scope.openid',
  profile: 'scope.profile',
  email: 'scope.email',
  address: 'scope.address',
  phone: 'scope.phone',
  groups: 'scope.groups',
  offline_access: 'scope.offline_access',
} as const satisfies Readonly<Record<string, MessageKey>>;

const verbs = {
  read: 'scope.see',
  view: 'scope.see',
  get: 'scope.see',
  list: 'scope.see',
  write: 'scope.write',
  create: 'scope.add',
  add: 'scope.add',
  update: 'scope.change',
  edit: 'scope.change',
  delete: 'scope.delete',
  remove: 'scope.delete',
  end: 'scope.end',
  rotate: 'scope.rotate',
  manage: 'scope.manage',
  admin: 'scope.administer',
} as const satisfies Readonly<Record<string, MessageKey>>;

const isKnown = (scope: string): scope is keyof typeof known => Object.hasOwn(known, scope);
const isVerb = (word: string | undefined): word is keyof typeof verbs =>
  word !== undefined && Object.hasOwn(verbs, word);

/**
 * A scope in words a person can decide on: the scopes of OpenID Connect in full sentences, and the customary `orders:read` or
 * `read.orders` as "See orders". Any other scope has no words; undefined then, so that it is shown as it is.
 */
export function scopeInWords({ say }: Language, scope: string): Html | undefined {
  if (isKnown(scope)) return say(known[scope]);
  const parts = scope.split(/[:./]/).filter((part) => part !== '');
  if (parts.length < 2) return undefined;
  const at = [parts.length - 1, 0].find((i) => isVerb(parts[i]!.toLowerCase()));
  const verb = at === undefined ? undefined : parts[at]!.toLowerCase();
  if (!isVerb(verb)) return undefined;
  const things = parts.filter((_, i) => i !== at).map((part) => part.replace(/[_-]+/g, ' '));
  return say(verbs[verb], { things: things.join(' ') });
}
