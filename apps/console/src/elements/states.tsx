import type { ReactNode } from 'react';
import { Problem } from '../admin-api/problem.js';

/** Rows that are on their way: their shape stands already, so that nothing jumps. */
export function Loading({
  rows = 6,
  label = 'Loading',
}: {
  readonly rows?: number;
  readonly label?: string;
}) {
  return (
    <div className="loading" role="status" aria-label={label}>
      {Array.from({ length: rows }, (_, index) => (
        <span key={index} />
      ))}
    </div>
  );
}

/** Nothing is there, and why that may be. */
export function Empty({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className="empty">
      <p className="strong">{title}</p>
      {children}
    </div>
  );
}

/** A refusal or a lost connection, with a way to try again; nothing where there is no error. */
export function Failed({ error, onRetry }: { readonly error: unknown; readonly onRetry?: () => void }) {
  if (!error) return null;
  const problem = error instanceof Problem ? error : undefined;
  return (
    <div className="notice bad" role="alert">
      <p className="strong">{problem ? problem.message : 'Something failed in the console.'}</p>
      {problem?.faults.map(({ at, detail }) => (
        <p key={at}>
          <code>{at}</code> {detail}
        </p>
      ))}
      {problem?.status === 403 && <p>An operator with more scopes can grant you the one that is missing.</p>}
      {problem?.requestId && (
        <p className="small">
          Request <code>{problem.requestId}</code>
        </p>
      )}
      {onRetry && (
        <button type="button" className="plain compact" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}
