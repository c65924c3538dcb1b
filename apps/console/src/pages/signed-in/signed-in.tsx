import { useEffect } from 'react';
import { signInChannel } from '../../admin-api/sign-in-again.js';

/** The end of a sign-in in a window of its own: it tells the console, and closes. */
export function SignedIn() {
  useEffect(() => {
    const channel = new BroadcastChannel(signInChannel);
    channel.postMessage('signed in');
    channel.close();
    window.close();
  }, []);
  return (
    <main className="lone">
      <h1>You are signed in</h1>
      <p>You can close this window and go on in the console.</p>
      <p>
        <a href="/console/">Open the console here</a>
      </p>
    </main>
  );
}
