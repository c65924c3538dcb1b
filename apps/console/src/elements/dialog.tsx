import { type ReactNode, useCallback, useEffect, useId, useRef } from 'react';
import { Icon } from './icon.js';
import { LostNotice } from './lost-notice.js';

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
  readonly className?: string;
}

/**
 * A modal dialog of the browser: it holds the focus, closes on Escape, and gives the focus back. The focus goes to the element that is
 * marked as the first (`data-first`), else to the first one there is; when it is shown again, to where it was.
 */
export function Dialog({ title, onClose, children, className = '' }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const latest = useRef<HTMLElement>(null);
  const heading = useId();
  const open = useCallback(() => {
    // Showing it moves the focus to its first button, which closes it.
    const was = latest.current;
    element.current?.showModal();
    was?.focus();
    if (document.activeElement !== was) element.current?.querySelector<HTMLElement>('[data-first]')?.focus();
  }, []);
  useEffect(() => {
    const before = document.activeElement;
    open();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, [open]);
  return (
    <dialog
      ref={element}
      className={className}
      aria-labelledby={heading}
      onFocus={({ target }) => {
        latest.current = target;
      }}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClose={() => {
        // A second Escape without a click between closes it, whatever the event above said (HTML, close watchers). It is shown again
        // for as long as its owner keeps it, such as an import that was sent and is not answered yet.
        open();
        onClose();
      }}
    >
      <header>
        <h2 id={heading}>{title}</h2>
        <button type="button" className="bare" onClick={onClose} aria-label="Close">
          <Icon name="close" />
        </button>
      </header>
      {/* The banner of the page is behind the dialog, where nobody reads it. */}
      <LostNotice />
      {children}
    </dialog>
  );
}
