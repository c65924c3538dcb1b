import type { PolicyRevision, PolicyTarget } from '@curfew/clients';
import { type Check, type Control, judge } from '@curfew/compliance';
import { type Instant, instant } from '@curfew/session-policy';
import { profiles } from '@curfew/session-policy/settings';
import type { PolicyChange } from './evidence.store.js';
import { type JudgedSubject, policiesOf } from './subjects.js';

/** The known past of the policies that a subject is under. */
export interface PolicyPast {
  /** Revisions by the name of their policy, newest first. */
  readonly revisions: ReadonlyMap<string, readonly PolicyRevision[]>;
  /** The latest attachment or detachment of each target. */
  readonly attachments: readonly PolicyChange[];
}

const asksPolicies = (check: Check): boolean => check.kind === 'setting';

const attachedAt = (target: PolicyTarget, attachments: readonly PolicyChange[]): Instant | null => {
  const name = target.kind === 'client' ? target.id : target.kind === 'resource' ? target.audience : '';
  const found = attachments.find((one) => one.kind === target.kind && one.target === name);
  return found ? instant(found.at.getTime()) : null;
};

/**
 * The instant since which the policies of a subject meet a control without a break: goes back from revision to revision to the first one that
 * does not, or to the last attachment, before which other policies may have applied. null where no policy is asked, or no change is known.
 */
export function inForceSince(control: Control, subject: JudgedSubject, past: PolicyPast): Instant | null {
  const settings = { ...control, checks: control.checks.filter(asksPolicies) };
  if (settings.checks.length === 0) return null;
  const changed = new Set<Instant>();
  let begin: Instant | null = null;
  for (const { target, name } of subject.attached) {
    const at = attachedAt(target, past.attachments);
    if (at !== null && (begin === null || at > begin)) begin = at;
    for (const { createdAt } of past.revisions.get(name) ?? [])
      if (createdAt !== null) changed.add(createdAt);
  }
  const known = begin;
  const instants = [...changed].filter((at) => known === null || at > known).sort((a, b) => b - a);
  let since: Instant | null = known;
  for (const [index, at] of [...instants, ...(known === null ? [] : [known])].entries()) {
    if (!meetsAt(settings, subject, past, at)) return index === 0 ? null : (instants[index - 1] ?? null);
    since = at;
  }
  return since;
}

function meetsAt(control: Control, subject: JudgedSubject, past: PolicyPast, at: Instant): boolean {
  const attached = subject.attached.flatMap(({ target, name, revision }) => {
    const revisions = past.revisions.get(name) ?? [revision];
    const then = revisions.find(({ createdAt }) => createdAt === null || createdAt <= at);
    return then ? [{ target, policy: then.policy }] : [];
  });
  const policies = policiesOf(attached, profiles.standard.policy);
  return judge(control, { policies, registration: null }, noFacts).state === 'met';
}

/** Only checks of policies are asked about the past. */
const noFacts = {
  CURFEW_PASSWORD_MIN_LENGTH: 0,
  CURFEW_THROTTLE_SIGN_IN: { count: 0, window: 0 },
  CURFEW_EVENT_RETENTION: 0,
  CURFEW_ENDED_SESSION_RETENTION: 0,
};
