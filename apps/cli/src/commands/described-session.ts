import type { Json } from '../admin-client.js';
import { actorText, facts, length, table } from '../output.js';

/** The cause and the author of an end. */
export const whyText = ({ end_cause, ended_by }: Json): string =>
  [end_cause, actorText(ended_by) && `by ${actorText(ended_by)}`].filter(Boolean).join(', ');

/** A session with its deadlines, what was delegated of it, and its history. */
export function described(one: Json): string {
  const life =
    one.state === 'live'
      ? [
          ['idle left', length(one.idle_expires_in)],
          ['warned of in', length(one.idle_warning_in)],
          ['absolute left', length(one.absolute_expires_in)],
        ]
      : [
          ['ended', one.ended_at],
          ['reason', one.end_reason],
          ['cause', one.end_cause],
          ['by', actorText(one.ended_by)],
          ['note', one.end?.note],
          ['with session', one.end?.because],
        ];
  const pairs = [
    ['id', one.id],
    ['state', one.state],
    ['account', one.username === null ? one.account_id : `${one.username} (${one.account_id})`],
    ['client', `${one.client_id} (${one.client_name ?? 'deleted'})`],
    ['scope', one.scope],
    ['resources', one.resources],
    ['signed in', one.signed_in_at],
    ['last active', one.last_active_at],
    ...life,
    ['from', [one.signals.ip, one.signals.user_agent_family, one.signals.operating_system].filter(Boolean)],
    ['refreshes', one.refreshes],
    ['bound to a key', one.sender_constrained],
    ['browser', one.browser ?? 'none (a device)'],
  ] as [string, unknown][];
  const history = one.timeline.map((entry: Json) => [
    entry.at,
    entry.type,
    entry.count > 1 ? `x${entry.count}` : '',
    [entry.data.reason, entry.cause].filter(Boolean),
    actorText(entry.by),
  ]);
  return [facts(pairs), ...delegated(one), table(['AT', 'WHAT', 'TIMES', 'WHY', 'BY'], history)].join('\n\n');
}

/** The clients that act for the person, where any do. */
function delegated({ delegations = [] }: Json): string[] {
  if (delegations.length === 0) return [];
  const rows = delegations.map(({ actors, resource, scope, tokens, expires_at }: Json) => [
    actors.join(' for '),
    resource,
    scope,
    String(tokens),
    expires_at,
  ]);
  return [table(['ACTS', 'AT', 'SCOPE', 'TOKENS', 'UNTIL'], rows)];
}
