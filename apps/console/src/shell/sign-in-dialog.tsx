import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { callerQuery, useCaller } from '../admin-api/caller.js';
import { signedInPage, signInChannel, waitingForSignIn } from '../admin-api/sign-in-again.js';
import { Dialog } from '../elements/dialog.js';

const words = {
  step_up: {
    title: 'Confirm that it is you',
    text: 'This act needs a sign-in within the last five minutes. The sign-in opens in a window of its own; then the act goes on, with all that you typed.',
    button: 'Sign in again',
  },
  session_over: {
    title: 'Your session has ended',
    text: 'Sign in again to go on here. The page stays as it is, with all that you typed.',
    button: 'Sign in',
  },
} as const;

/** Asks for a sign-in in place, over the page that needs it (RFC 9470). */
export function SignInDialog() {
  const cause = useSyncExternalStore(waitingForSignIn.subscribe, waitingForSignIn.cause);
  const caller = useCaller();
  const queries = useQueryClient();
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    if (!cause) return;
    setFailed(false);
    const channel = new BroadcastChannel(signInChannel);
    channel.onmessage = async () => {
      const now = await queries.fetchQuery({ ...callerQuery, staleTime: 0 }).catch(() => undefined);
      if (!now) return setFailed(true);
      // Somebody else's hands must not carry out what this person began.
      if (caller && caller.account_id !== now.account_id) return window.location.reload();
      waitingForSignIn.settle(true);
    };
    return () => channel.close();
  }, [cause, caller, queries]);
  if (!cause) return null;
  const { title, text, button } = words[cause];
  return (
    <Dialog title={title} onClose={() => waitingForSignIn.settle(false)}>
      <p>{text}</p>
      {failed && (
        <p className="notice bad" role="alert">
          The sign-in did not arrive here. Try again.
        </p>
      )}
      <div className="actions">
        <button
          type="button"
          data-first
          onClick={() => window.open(signedInPage, 'curfew-sign-in', 'popup,width=520,height=720')}
        >
          {button}
        </button>
        <button type="button" className="plain" onClick={() => waitingForSignIn.settle(false)}>
          Cancel
        </button>
      </div>
    </Dialog>
  );
}
