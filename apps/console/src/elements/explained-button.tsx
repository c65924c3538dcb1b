import { type ReactNode, useId } from 'react';

interface ExplainedButtonProps {
  /** Why the button is off, in words; undefined while it is on. */
  readonly off?: ReactNode;
  /** Whether what it began is still under way. */
  readonly busy?: boolean;
  readonly type?: 'button' | 'submit';
  readonly className?: string;
  /** More about it, on hover. */
  readonly title?: string;
  readonly onPress?: () => void;
  readonly children: ReactNode;
}

/**
 * A button that can be off. It stays reachable then, by keyboard and for a screen reader, and says why (WAI-ARIA 1.2 §6.6, aria-disabled).
 * A press does nothing while it is off, and neither does Enter in a field of its form.
 */
export function ExplainedButton(props: ExplainedButtonProps) {
  const { off, busy = false, type = 'button', className = '', title, onPress, children } = props;
  const reason = useId();
  const isOff = off !== undefined || busy;
  return (
    <span className="act">
      <button
        type={type}
        className={className}
        title={title}
        aria-disabled={isOff ? true : undefined}
        aria-busy={busy ? true : undefined}
        aria-describedby={off === undefined ? undefined : reason}
        onClick={(event) => {
          if (isOff) event.preventDefault();
          else onPress?.();
        }}
      >
        {children}
      </button>
      <OffReason id={reason} of={off} />
    </span>
  );
}

interface OffReasonProps {
  readonly id: string;
  /** The reason in words; undefined shows nothing. */
  readonly of: ReactNode | undefined;
}

/** Says why the control before it is off; a person sees it when they point at the control or reach it. */
export function OffReason({ id, of }: OffReasonProps) {
  if (of === undefined) return null;
  return (
    <span id={id} className="reason" role="tooltip">
      {of}
    </span>
  );
}
