import type { Curfew, CurfewEndReason } from '@curfew/browser';
import { useSyncExternalStore } from 'react';
import { Clocks } from './clocks.js';
import { IdleDialog } from './idle-dialog.js';
import { Orders } from './orders.js';

interface AppProps {
  readonly curfew: Curfew;
  readonly issuer: string;
}

const reasons: Readonly<Record<CurfewEndReason, string>> = {
  inactivity_timeout: 'You were signed out because nothing happened for a while.',
  absolute_lifetime: 'Your session reached its maximum age.',
  signed_out: 'You have signed out.',
  ended_elsewhere: 'Your session was ended elsewhere: on another device, or by an operator.',
  another_person: 'Somebody else has signed in.',
  proof_required: 'Please prove again that it is you.',
};

/** The state of the page, drawn again at each change. */
const useCurfew = (curfew: Curfew) =>
  useSyncExternalStore(
    (changed) => curfew.on('change', changed),
    () => curfew.state,
  );

/** The whole application: the person, the clocks of their session, and the answers of the API. */
export function App({ curfew, issuer }: AppProps) {
  const state = useCurfew(curfew);
  return (
    <>
      <header>
        <h1>Orders</h1>
        {state.status === 'signed_in' && (
          <button type="button" className="plain" onClick={() => void curfew.signOut()}>
            Sign out
          </button>
        )}
      </header>
      <main>
        {state.status === 'starting' && <p className="quiet">One moment …</p>}
        {state.status === 'signed_out' && (
          <section className="card">
            {state.end && <p role="alert">{reasons[state.end]}</p>}
            {state.error && <p role="alert">The sign-in did not succeed: {state.error.message}.</p>}
            <h2>{state.end ? 'Sign in again' : 'An example application'}</h2>
            <p>
              This page signs you in with <code>@curfew/browser</code>. The first start wrote accounts and
              their passwords to <code>.curfew/dev.json</code>.
            </p>
            <button type="button" onClick={() => void curfew.signIn({ returnTo: '/spa' })}>
              Sign in
            </button>
          </section>
        )}
        {state.status === 'signed_in' && (
          <>
            <Clocks curfew={curfew} />
            <Orders curfew={curfew} />
            <Elsewhere issuer={issuer} sid={String(state.claims['sid'])} />
            {state.warning && <IdleDialog curfew={curfew} warning={state.warning} />}
          </>
        )}
      </main>
    </>
  );
}

/** Two ways to end the session that this page knows nothing of. */
function Elsewhere({ issuer, sid }: { readonly issuer: string; readonly sid: string }) {
  return (
    <section className="card">
      <h2>End it from elsewhere</h2>
      <p>
        End this session on the page{' '}
        <a href={`${issuer}/account`} target="_blank" rel="noreferrer">
          your sessions
        </a>
        , or as an operator:
      </p>
      <pre>npx curfew sessions end {sid}</pre>
      <p className="quiet">This page notices within seconds, in all of its tabs, and says why.</p>
    </section>
  );
}
