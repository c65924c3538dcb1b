import { type ReactNode, useId } from 'react';
import { type Scope, useMay } from '../admin-api/caller.js';

interface ActButtonProps {
  /** The scope that the act needs. */
  readonly scope: Scope;
  readonly onAct: () => void;
  readonly children: ReactNode;
  readonly look?: 'ending' | 'plain' | 'main';
  readonly busy?: boolean;
}

/** A button for an act. It stays reachable for an operator without the scope, and says why it is off. */
export function ActButton({ scope, onAct, children, look = 'plain', busy = false }: ActButtonProps) {
  const may = useMay(scope);
  const reason = useId();
  const off = !may || busy;
  return (
    <span className="act">
      <button
        type="button"
        className={`compact ${look === 'main' ? '' : look}`}
        aria-disabled={off}
        aria-describedby={may ? undefined : reason}
        onClick={() => {
          if (!off) onAct();
        }}
      >
        {children}
      </button>
      {!may && (
        <span id={reason} className="reason" role="tooltip">
          You need the scope <code>{scope}</code> for this. An operator who has it can grant it.
        </span>
      )}
    </span>
  );
}
