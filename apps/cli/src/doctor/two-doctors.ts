import type { Finding } from '@curfew/doctor';

const ranks: Readonly<Record<Finding['state'], number>> = { ok: 0, note: 1, wrong: 2 };

/** Two machines may have each one of their own: a fault there is none that is told here. */
const ofEachMachine: ReadonlySet<string> = new Set(['database', 'state folder']);

/**
 * The findings of this machine with those of the admin API. A finding from there is left out where this machine has looked at the same and found
 * it at least as bad; it says where it is from where both are told.
 * @param notLookedAt the subjects that this machine knows too little for, so that what it says of them is no finding
 */
export function withFindingsOfAdmin(
  here: readonly Finding[],
  there: readonly Finding[],
  notLookedAt: ReadonlySet<string>,
): readonly Finding[] {
  const isToldHere = ({ what, state }: Finding): boolean =>
    !notLookedAt.has(what) &&
    (state === 'ok' || !ofEachMachine.has(what)) &&
    here.some((own) => own.what === what && ranks[own.state] >= ranks[state]);
  const hasOwn = ({ what }: Finding): boolean => here.some((own) => own.what === what);
  const told = there.filter((finding) => !isToldHere(finding));
  return [...here, ...told.map((finding) => (hasOwn(finding) ? asSeenThere(finding) : finding))];
}

const asSeenThere = (finding: Finding): Finding => ({
  ...finding,
  detail: `as the admin API sees it: ${finding.detail}`,
});
