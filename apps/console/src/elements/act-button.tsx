import type { ReactNode } from 'react';
import { type Scope, useCaller } from '../admin-api/caller.js';
import { useConnectionLost } from '../admin-api/connection.js';
import { ExplainedButton } from './explained-button.js';

/** One scope, or several that an act needs together. */
type Needed = Scope | readonly Scope[];

interface SendButtonProps {
  /** The scopes that the act needs. */
  readonly scope: Needed;
  readonly children: ReactNode;
  readonly className?: string;
  readonly type?: 'button' | 'submit';
  readonly busy?: boolean;
  /** The part that the act still lacks, in words. */
  readonly missing?: string | undefined;
  readonly onPress?: () => void;
}

/**
 * The button of a dialog or a form that carries an act out. It is off for an operator without the scope, and while the connection is lost,
 * because what stands beside it may be old; it says so.
 */
export function SendButton({ scope, missing, ...button }: SendButtonProps) {
  const reason = useScopeReason(scope);
  const lost = useConnectionLost()
    ? 'The connection is lost, so this page may be old. It can be done once the connection is back.'
    : undefined;
  return <ExplainedButton {...button} off={reason ?? lost ?? missing} />;
}

interface ActButtonProps {
  /** The scopes that the act needs. */
  readonly scope: Needed;
  readonly onAct: () => void;
  readonly children: ReactNode;
  readonly look?: 'ending' | 'plain' | 'main';
  readonly busy?: boolean;
  /** The part that the act still lacks, in words. */
  readonly missing?: string | undefined;
}

/** A button of a page for an act, or for the dialog that asks about one. */
export function ActButton({ onAct, look = 'plain', ...button }: ActButtonProps) {
  return <SendButton {...button} className={`compact ${look === 'main' ? '' : look}`} onPress={onAct} />;
}

/** Says to an operator without a scope that it is missing, the first of several; undefined for the others. */
export function useScopeReason(scope: Needed): ReactNode {
  const held = useCaller()?.scopes;
  const needed = typeof scope === 'string' ? [scope] : scope;
  // Until the scopes are known nothing is off, since the admin API decides anyway.
  const lacking = held && needed.find((one) => !held.includes(one));
  if (!lacking) return undefined;
  return (
    <>
      You need the scope <code>{lacking}</code> for this. An operator who has it can grant it.
    </>
  );
}

/** Why a form has nothing to save, in words; undefined where it has. */
export const unchanged = (changes: number): string | undefined =>
  changes === 0 ? 'Nothing is changed yet.' : undefined;
