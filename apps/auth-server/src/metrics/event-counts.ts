import { alertPatterns } from '@curfew/events/alerts';
import { type StoredEvent } from '@curfew/events/delivery';
import { type EventType, endReasons, protocolRefusals } from '@curfew/session-policy';
import { reuseClasses } from '@curfew/session-policy/decisions';
import { isEventType } from '@curfew/session-policy/event-catalogue';
import { Counter, type Registry } from 'prom-client';

const reasons: ReadonlySet<string> = new Set(endReasons);
/** A label comes from a closed list, or is 'other': rows may have been written by another version of the product. */
const known = (value: unknown, list: ReadonlySet<string>): string =>
  typeof value === 'string' && list.has(value) ? value : 'other';
const classes: ReadonlySet<string> = new Set(Object.keys(reuseClasses));
const endpoints: ReadonlySet<string> = new Set(['token', 'introspection', 'revocation', 'userinfo']);
const signals: ReadonlySet<string> = new Set(['ip', 'device', 'tls_fingerprint']);
const actions: ReadonlySet<string> = new Set(['observe', 'step_up', 'end']);
const protocolCauses: ReadonlySet<string> = new Set([
  ...endReasons,
  'unknown_token',
  'wrong_client',
  'wrong_key',
  'context_too_weak',
  ...protocolRefusals,
]);
const signInCauses: ReadonlySet<string> = new Set([
  'unknown_account',
  'wrong_password',
  'wrong_code',
  'wrong_passkey',
  'upstream_refused',
  'unknown_identity',
  'account_disabled',
  'throttled',
  'overloaded',
]);

const patternNames: ReadonlySet<string> = new Set(alertPatterns);
const severities: ReadonlySet<string> = new Set(['low', 'medium', 'high']);

const countOf = ({ count }: StoredEvent['data']): number => (typeof count === 'number' ? count : 1);
const classOf = ({ evidence }: StoredEvent['data']): string =>
  known((evidence as { class?: unknown } | undefined)?.class, classes);

interface Finding {
  readonly signal?: unknown;
  readonly action?: unknown;
}

/** Counts what happened in the whole installation. The node that has the watch counts; so sums over all nodes are right. */
export class EventCounts {
  readonly #events: Counter<'type'>;
  readonly #started: Counter;
  readonly #ended: Counter<'reason'>;
  readonly #refreshes: Counter<'outcome'>;
  readonly #refused: Counter<'cause'>;
  readonly #reuse: Counter<'class'>;
  readonly #findings: Counter<'signal' | 'action'>;
  readonly #signIns: Counter<'outcome'>;
  readonly #unknown: Counter<'endpoint'>;
  readonly #alerts: Counter<'pattern' | 'severity'>;

  constructor(registry: Registry) {
    const counter = <L extends string = never>(name: string, help: string, labelNames: L[] = []) =>
      new Counter<L>({ name, help, labelNames, registers: [registry] });
    this.#events = counter('curfew_events_total', 'Events recorded, by type.', ['type']);
    this.#started = counter('curfew_sessions_started_total', 'Sessions started.');
    this.#ended = counter('curfew_sessions_ended_total', 'Sessions ended, by reason.', ['reason']);
    this.#refreshes = counter('curfew_refreshes_total', 'Refreshes, by outcome.', ['outcome']);
    this.#refused = counter('curfew_refreshes_refused_total', 'Refused refreshes, by cause.', ['cause']);
    this.#reuse = counter(
      'curfew_reuse_total',
      'Superseded tokens presented, by the explanation that fits best.',
      ['class'],
    );
    this.#findings = counter('curfew_risk_findings_total', 'Changed circumstances, by signal and answer.', [
      'signal',
      'action',
    ]);
    this.#signIns = counter('curfew_sign_ins_total', 'Sign-ins, by outcome.', ['outcome']);
    this.#unknown = counter('curfew_unknown_tokens_total', 'Tokens never issued here, by endpoint.', [
      'endpoint',
    ]);
    this.#alerts = counter('curfew_alerts_total', 'Alerts raised, by pattern and severity.', [
      'pattern',
      'severity',
    ]);
  }

  /** Counts one event. */
  readonly seen = ({ type, data }: StoredEvent): void => {
    this.#events.inc({ type: isEventType(type) ? type : 'other' });
    this.#counted[type as EventType]?.(data);
  };

  readonly #counted: { readonly [T in EventType]?: (data: StoredEvent['data']) => void } = {
    'session.started': () => this.#started.inc(),
    'session.ended': ({ reason }) => this.#ended.inc({ reason: known(reason, reasons) }),
    'sessions.refreshed': (data) => this.#refreshes.inc({ outcome: 'rotated' }, countOf(data)),
    'session.refresh_retried': () => this.#refreshes.inc({ outcome: 'retried' }),
    'session.sibling_served': () => this.#refreshes.inc({ outcome: 'sibling' }),
    'session.refresh_refused': (data) => {
      this.#refreshes.inc({ outcome: 'refused' });
      this.#refused.inc({ cause: known(data['cause'], protocolCauses) });
      if (data['evidence']) this.#reuse.inc({ class: classOf(data) });
    },
    'session.reuse_found': (data) => {
      this.#refreshes.inc({ outcome: 'reuse' });
      this.#reuse.inc({ class: classOf(data) });
    },
    'session.risk_observed': ({ findings }) => this.#countFindings(findings),
    'session.step_up_required': ({ findings }) => this.#countFindings(findings),
    'signin.succeeded': () => this.#signIns.inc({ outcome: 'succeeded' }),
    'signin.failed': (data) =>
      this.#signIns.inc({ outcome: known(data['cause'], signInCauses) }, countOf(data)),
    'token.unknown': (data) =>
      this.#unknown.inc({ endpoint: known(data['endpoint'], endpoints) }, countOf(data)),
    'alert.raised': ({ pattern, severity }) =>
      this.#alerts.inc({ pattern: known(pattern, patternNames), severity: known(severity, severities) }),
  };

  #countFindings(findings: unknown): void {
    if (!Array.isArray(findings)) return;
    for (const { signal, action } of findings as Finding[])
      this.#findings.inc({ signal: known(signal, signals), action: known(action, actions) });
  }
}
