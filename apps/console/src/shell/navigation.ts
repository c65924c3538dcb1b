import type { Scope } from '../admin-api/caller.js';
import type { IconName } from '../elements/icon.js';

/** A page of the console. */
export interface Page {
  readonly to:
    | '/now'
    | '/sessions'
    | '/people'
    | '/applications'
    | '/apis'
    | '/policies'
    | '/insight'
    | '/events'
    | '/scenarios'
    | '/compliance'
    | '/system';
  readonly title: string;
  readonly icon: IconName;
  /** The scope without which the page shows nothing. */
  readonly scope: Scope;
  readonly about: string;
}

/** Every page, in the order of the navigation. A page is listed once its main task works. */
export const pages: readonly Page[] = [
  {
    to: '/now',
    title: 'Now',
    icon: 'now',
    scope: 'events:read',
    about: 'events as they happen, ends by reason, and how fast everybody denies',
  },
  {
    to: '/sessions',
    title: 'Sessions',
    icon: 'sessions',
    scope: 'sessions:read',
    about: 'who is signed in where, and why a session will end',
  },
  {
    to: '/people',
    title: 'People',
    icon: 'person',
    scope: 'accounts:read',
    about: 'who can sign in, where they are signed in, and who is an operator',
  },
  {
    to: '/applications',
    title: 'Applications',
    icon: 'applications',
    scope: 'clients:read',
    about: 'what is registered to ask for tokens, its secrets and its policy',
  },
  {
    to: '/apis',
    title: 'APIs',
    icon: 'apis',
    scope: 'clients:read',
    about: 'APIs, the routes of gateways, and which route takes a request',
  },
  {
    to: '/policies',
    title: 'Policies',
    icon: 'policies',
    scope: 'policies:read',
    about: 'how long sessions last, where that comes from, and what a change would do',
  },
  {
    to: '/insight',
    title: 'Insight',
    icon: 'insight',
    scope: 'policies:read',
    about: 'what timeouts cost people, and the exposure that they save',
  },
  {
    to: '/events',
    title: 'Events',
    icon: 'events',
    scope: 'events:read',
    about: 'everything that was recorded, and whether it is still as it was',
  },
  {
    to: '/scenarios',
    title: 'Scenarios',
    icon: 'play',
    scope: 'sessions:read',
    about: 'play a theft or a silence on this installation, and watch the session end',
  },
  {
    to: '/compliance',
    title: 'Compliance',
    icon: 'compliance',
    scope: 'policies:read',
    about: 'the demands of PCI DSS, NIST, HIPAA and others, what meets them, and the evidence',
  },
  {
    to: '/system',
    title: 'System',
    icon: 'system',
    scope: 'events:read',
    about: 'nodes, followers, receivers with their dead letters, and signing keys',
  },
];
