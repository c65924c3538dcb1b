import { choice, count, duration, flag, rate, timeout } from './values.js';

/** Settings of events and their delivery. */
export const delivery = {
  CURFEW_DELIVERY_INTERVAL: timeout('How often a process looks for events to deliver.', {
    min: '50ms',
    max: '1m',
    default: '500ms',
  }),
  CURFEW_DELIVERY_TIMEOUT: timeout('How long a receiver of events may take to answer.', {
    min: '100ms',
    max: '60s',
    default: '5s',
  }),
  CURFEW_DELIVERY_FIRST_RETRY: timeout(
    'How long after a failed delivery the first retry comes; the pause doubles with each one, up to an hour.',
    { min: '100ms', max: '10m', default: '1s' },
  ),
  CURFEW_DELIVERY_ATTEMPTS: count(
    'Attempts after which a delivery becomes a dead letter, to be sent again by hand.',
    { min: 1, max: 100, default: 22 },
  ),
  CURFEW_DELIVERY_PRIVATE_ADDRESSES: flag(
    'Lets events be delivered to private and loopback addresses, and identity providers be asked there. Outside production they always may. Addresses that clients name stay public in production.',
    false,
  ),
  CURFEW_SIGNAL_POLL_INTERVAL: timeout(
    'How long after an answer a transmitter of security events is polled again.',
    { min: '100ms', max: '1h', default: '10s' },
  ),
  CURFEW_THROTTLE_SIGNAL: rate(
    'Security event tokens that one transmitter pushes, at each process; more get a 429.',
    '600/1m',
  ),
  CURFEW_EVENT_RETENTION: duration('How long events, and deliveries that failed, are kept.', {
    min: '1d',
    max: '4000d',
    default: '400d',
  }),
  CURFEW_EVENT_COUNT_RETENTION: duration('How long the counts of frequent events are kept.', {
    min: '2d',
    max: '4000d',
    default: '90d',
  }),
};

const throttles = ['record', 'throttle'] as const;
const ends = ['record', 'end'] as const;
const everything = ['record', 'throttle', 'end'] as const;
const answer = <const T extends readonly [string, ...string[]]>(threshold: string, answers: T) =>
  choice(
    `The reaction to an alert of ${threshold}, beyond recording it (docs/events.md).`,
    answers,
    'record',
  );

/** How much of a pattern is an alert, and what is done about it. */
export const alerts = {
  CURFEW_ALERT_UNKNOWN_TOKENS: rate(
    'Tokens never issued here, shown by one client or by callers that name none.',
    '100/5m',
  ),
  CURFEW_ALERT_REUSE_SESSIONS: rate('Sessions of one client with a superseded token used.', '5/10m'),
  CURFEW_ALERT_AFTER_END: rate('Refreshes of one session that is over.', '20/5m'),
  CURFEW_ALERT_ADDRESS_ACCOUNTS: rate('Accounts one address fails with.', '20/10m'),
  CURFEW_ALERT_FAILED_SIGN_INS: rate('Failed sign-ins, over all accounts and addresses.', '200/10m'),
  CURFEW_ALERT_REFRESH_STORM: rate('Retried and refused refreshes of one client.', '500/5m'),
  CURFEW_ALERT_REFUSED_REQUESTS: rate(
    'Requests of one address that were refused for a cause that an attack could have.',
    '300/10m',
  ),
  CURFEW_ALERT_SESSION_PLACES: rate(
    'Networks the tokens of one session are shown from, where they differ from the sign-in or are refused.',
    '2/5m',
  ),
  CURFEW_ALERT_UNKNOWN_TOKENS_ANSWER: answer('CURFEW_ALERT_UNKNOWN_TOKENS', throttles),
  CURFEW_ALERT_REUSE_SESSIONS_ANSWER: answer('CURFEW_ALERT_REUSE_SESSIONS', everything),
  CURFEW_ALERT_AFTER_END_ANSWER: answer('CURFEW_ALERT_AFTER_END', throttles),
  CURFEW_ALERT_ADDRESS_ACCOUNTS_ANSWER: answer('CURFEW_ALERT_ADDRESS_ACCOUNTS', throttles),
  CURFEW_ALERT_FAILED_SIGN_INS_ANSWER: answer('CURFEW_ALERT_FAILED_SIGN_INS', throttles),
  CURFEW_ALERT_REFRESH_STORM_ANSWER: answer('CURFEW_ALERT_REFRESH_STORM', throttles),
  CURFEW_ALERT_REFUSED_REQUESTS_ANSWER: answer('CURFEW_ALERT_REFUSED_REQUESTS', throttles),
  CURFEW_ALERT_SESSION_PLACES_ANSWER: answer('CURFEW_ALERT_SESSION_PLACES', ends),
  CURFEW_ALERT_THROTTLE: duration(
    'How long an alert that is answered with `throttle` holds back the networks it names.',
    {
      min: '10s',
      max: '1d',
      default: '15m',
    },
  ),
};
