import { endReasons } from '@curfew/session-policy';
import type { StoredEvent } from '../delivery/delivery.js';

/** Patterns that look like an attack. Closed: the event, the metric label and the configuration use these words. */
export const alertPatterns = [
  'unknown_token_spray',
  'reuse_across_sessions',
  'hammering_after_end',
  'address_touching_accounts',
  'credential_stuffing',
  'refresh_storm',
  'refused_requests',
  'session_in_two_places',
] as const;

/** A pattern that looks like an attack. */
export type AlertPattern = (typeof alertPatterns)[number];

/** How much of a pattern, within how many seconds, is an alert. */
export interface AlertThreshold {
  readonly count: number;
  readonly window: number;
}

/** The possible answers to a pattern; its alert is recorded in any case. Closed. */
export const alertAnswers = ['record', 'throttle', 'end'] as const;

/** The answer to a pattern. */
export type AlertAnswer = (typeof alertAnswers)[number];

/** The answer to every pattern; if none is given, its alert is recorded. */
export type AlertAnswers = Readonly<Partial<Record<AlertPattern, AlertAnswer>>>;

/** The threshold of every pattern. */
export type AlertThresholds = Readonly<Record<AlertPattern, AlertThreshold>>;

/**
 * The contribution of one event to a pattern: `of` names the one who is counted, by different values or by amounts; a value is an example,
 * too.
 */
export interface Sign {
  readonly of: string;
  readonly value?: string;
  readonly amount?: number;
  /** The network that it came from, if that is known and may be held back. */
  readonly network?: string | null;
}

/** A pattern: how bad it is, what it means, and what each event adds to it. */
export interface Pattern {
  readonly severity: 'low' | 'medium' | 'high';
  readonly meaning: string;
  /** Whether different values are counted, rather than amounts. */
  readonly distinct: boolean;
  /** The possible answers beyond recording it. */
  readonly answers: readonly AlertAnswer[];
  readonly sign: (event: StoredEvent) => Sign | null;
}

const ended: ReadonlySet<string> = new Set(endReasons);

interface Shown {
  readonly ip?: string | null;
  readonly prefix?: string | null;
}
const shown = ({ data }: StoredEvent): Shown => (data['signals'] as Shown | undefined) ?? {};
const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
const number = (value: unknown): number => (typeof value === 'number' && value > 0 ? value : 1);

/** The network a request came from. */
const networkIn = (event: StoredEvent): string | null => text(shown(event).prefix);
const failures: ReadonlySet<string> = new Set([
  'session.refresh_refused',
  'session.reuse_found',
  'signin.failed',
]);
const placed: ReadonlySet<string> = new Set([
  'session.reuse_found',
  'session.risk_observed',
  'session.step_up_required',
  'session.refresh_refused',
]);

/** Every pattern, by name. */
export const patterns: Readonly<Record<AlertPattern, Pattern>> = {
  unknown_token_spray: {
    severity: 'medium',
    meaning:
      'Many tokens that this service never issued are shown by one client, or by callers that name none.',
    distinct: false,
    answers: ['throttle'],
    sign: ({ type, data }) => {
      if (type !== 'token.unknown') return null;
      // A thief has many addresses, so they are examples and not what is counted by.
      const value = text(data['ip']);
      return {
        of: text(data['presentedBy']) ?? 'anybody',
        amount: number(data['count']),
        ...(value && { value }),
        // An API asks about whatever it is shown: holding it back would punish it for its callers.
        network: data['endpoint'] === 'introspection' ? null : value,
      };
    },
  },
  reuse_across_sessions: {
    severity: 'high',
    meaning:
      'Superseded refresh tokens of many sessions of one client are used: its store of tokens leaked, or it is broken.',
    distinct: true,
    answers: ['throttle', 'end'],
    sign: (event) => {
      const { type, clientId, sessionId } = event;
      return type === 'session.reuse_found' && clientId && sessionId
        ? { of: clientId, value: sessionId, network: networkIn(event) }
        : null;
    },
  },
  hammering_after_end: {
    severity: 'low',
    meaning: 'Tokens of one ended session are shown again and again.',
    distinct: false,
    answers: ['throttle'],
    sign: (event) =>
      event.type === 'session.refresh_refused' && event.sessionId && ended.has(String(event.data['cause']))
        ? { of: event.sessionId, network: networkIn(event) }
        : null,
  },
  address_touching_accounts: {
    severity: 'high',
    meaning: 'One address fails with tokens or passwords of many accounts.',
    distinct: true,
    answers: ['throttle'],
    sign: (event) => {
      const { ip } = shown(event);
      return failures.has(event.type) && ip && event.accountId
        ? { of: ip, value: event.accountId, network: networkIn(event) }
        : null;
    },
  },
  credential_stuffing: {
    severity: 'high',
    meaning: 'Sign-ins fail in a number that people do not reach by mistyping.',
    distinct: false,
    answers: ['throttle'],
    sign: (event) =>
      event.type === 'signin.failed' && event.data['cause'] !== 'overloaded'
        ? { of: 'everywhere', amount: number(event.data['count']), network: networkIn(event) }
        : null,
  },
  refresh_storm: {
    severity: 'low',
    meaning: 'One client retries refreshes, or is refused them, far more often than it should.',
    distinct: false,
    answers: ['throttle'],
    sign: (event) =>
      (event.type === 'session.refresh_retried' || event.type === 'session.refresh_refused') && event.clientId
        ? { of: event.clientId, network: networkIn(event) }
        : null,
  },
  refused_requests: {
    severity: 'low',
    meaning: 'One address is refused again and again for causes that an attack could have: somebody probes.',
    distinct: false,
    answers: ['throttle'],
    sign: ({ type, data }) => {
      if (type !== 'request.refused') return null;
      const [address, client] = [text(data['ip']), text(data['presentedBy'])];
      return {
        of: address ?? 'many addresses',
        amount: number(data['count']),
        ...(client && { value: client }),
        // An API asks about whatever it is shown: holding it back would punish it for its callers.
        network: data['endpoint'] === 'introspection' ? null : address,
      };
    },
  },
  session_in_two_places: {
    severity: 'high',
    meaning: 'Tokens of one session are shown from different networks within a short time.',
    distinct: true,
    answers: ['end'],
    sign: (event) => {
      const { prefix } = shown(event);
      return placed.has(event.type) && prefix && event.sessionId
        ? { of: event.sessionId, value: prefix }
        : null;
    },
  },
};
