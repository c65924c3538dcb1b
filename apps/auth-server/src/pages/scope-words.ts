const known: Readonly<Record<string, string>> = {
  openid: 'Recognize you',
  profile: 'See your username',
  email: 'See your email address, if you sign in with one',
  address: 'See your postal address',
  phone: 'See your phone number',
  offline_access: 'Stay connected while you are away, until the session ends or you end it',
};

const verbs: Readonly<Record<string, string>> = {
  read: 'See',
  view: 'See',
  get: 'See',
  list: 'See',
  write: 'Add and change',
  create: 'Add',
  add: 'Add',
  update: 'Change',
  edit: 'Change',
  delete: 'Delete',
  remove: 'Delete',
  end: 'End',
  rotate: 'Rotate',
  manage: 'Manage',
  admin: 'Administer',
};

/**
 * A scope in words a person can decide on: the scopes of OpenID Connect in full sentences, and the customary `orders:read` or
 * `read.orders` as "See orders". Any other scope is shown as it is.
 */
export function scopeInWords(scope: string): string {
  if (Object.hasOwn(known, scope)) return known[scope]!;
  const parts = scope.split(/[:./]/).filter((part) => part !== '');
  if (parts.length < 2) return scope;
  const at = [parts.length - 1, 0].find((i) => Object.hasOwn(verbs, parts[i]!.toLowerCase()));
  if (at === undefined) return scope;
  const things = parts.filter((_, i) => i !== at).map((part) => part.replace(/[_-]+/g, ' '));
  return `${verbs[parts[at]!.toLowerCase()]} ${things.join(' ')}`;
}
