import { type Curfew, type CurfewWarning, warningWords } from '@curfew/browser';
import { useEffect, useRef } from 'react';
import { useClocks } from './clocks.js';

interface IdleDialogProps {
  readonly curfew: Curfew;
  readonly warning: CurfewWarning;
}

/** Warns of the end, and puts it off with one key (WCAG 2.2, 2.2.1). The dialog takes the focus and gives it back. */
export function IdleDialog({ curfew, warning }: IdleDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const clocks = useClocks(curfew);
  useEffect(() => dialog.current?.showModal(), []);
  const left = (warning === 'idle' ? clocks?.idle : clocks?.absolute) ?? 0;
  const { title, text, stay, leave } = warningWords(warning, left);
  return (
    <dialog ref={dialog} role="alertdialog" aria-labelledby="warning-title" aria-describedby="warning-text">
      <h2 id="warning-title">{title}</h2>
      <p id="warning-text">{text}</p>
      <p className="left" aria-hidden="true">
        {left} s
      </p>
      <div className="choices">
        {stay && (
          <button type="button" onClick={() => void curfew.staySignedIn()}>
            {stay}
          </button>
        )}
        <button type="button" className="plain" onClick={() => void curfew.signOut()}>
          {leave}
        </button>
      </div>
    </dialog>
  );
}
