import type { ReactNode } from 'react';
import { type Scope, useMay } from '../admin-api/caller.js';
import { useConnectionLost } from '../admin-api/connection.js';
import { ReasonedButton } from './reasoned-button.js';

interface ActButtonProps {
  /** The scope that the act needs. */
  readonly scope: Scope;
  readonly onAct: () => void;
  readonly children: ReactNode;
  readonly look?: 'ending' | 'plain' | 'main';
  readonly busy?: boolean;
  /** The part that the act still lacks, in words. */
  readonly missing?: string | undefined;
}

/** A button for an act. It is off for an operator without the scope and while the connection is lost, and says so. */
export function ActButton({ scope, onAct, children, look = 'plain', busy = false, missing }: ActButtonProps) {
  const reason = useScopeReason(scope);
  const lost = useConnectionLost()
    ? 'The connection is lost, so this page may be old. It can be done once the connection is back.'
    : undefined;
  return (
    <ReasonedButton
      className={`compact ${look === 'main' ? '' : look}`}
      off={reason ?? lost ?? missing}
      busy={busy}
      onPress={onAct}
    >
      {children}
    </ReasonedButton>
  );
}

/** Says to an operator without a scope that it is missing; undefined for the others. */
export function useScopeReason(scope: Scope): ReactNode {
  if (useMay(scope)) return undefined;
  return (
    <>
      You need the scope <code>{scope}</code> for this. An operator who has it can grant it.
    </>
  );
}

/** Why a form cannot be saved: a scope is missing, or nothing is changed. */
export function useFormReason(scope: Scope, changes: number): ReactNode {
  const reason = useScopeReason(scope);
  return reason ?? (changes === 0 ? 'Nothing is changed yet.' : undefined);
}
