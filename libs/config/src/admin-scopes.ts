/** The scopes of the admin API and what each of them opens. The list is closed. */
export const adminScopes = {
  'sessions:read': 'See sessions, their circumstances and their history.',
  'sessions:end': 'End sessions: one, a selection, all of an account or a client, everyone.',
  'policies:read': 'See policies and what they are attached to.',
  'policies:write': 'Create, change, attach and detach policies.',
  'clients:read': 'See registered clients and APIs.',
  'clients:write': 'Register, change, disable and delete clients and APIs, and roll over secrets.',
  'accounts:read': 'See accounts and what they allowed clients.',
  'accounts:write': 'Create, disable and delete accounts, set passwords, withdraw consents, name operators.',
  'events:read': 'See what happened, as it happens, and figures of the whole installation.',
  'keys:rotate': 'See signing keys and have them followed or withdrawn.',
} as const;

/** One of the closed list of scopes. */
export type AdminScope = keyof typeof adminScopes;

/** All scopes, in the order they are documented. */
export const adminScopeNames = Object.keys(adminScopes) as readonly AdminScope[];

/** Whether a scope value is one of the admin API's. */
export const isAdminScope = (value: string): value is AdminScope => Object.hasOwn(adminScopes, value);
