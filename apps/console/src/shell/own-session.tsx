import { useState, useSyncExternalStore } from 'react';
import { useCaller } from '../admin-api/caller.js';
import { useServerNow } from '../admin-api/server-time.js';
import { sessionClock } from '../admin-api/session-clock.js';
import { clockWords } from '../elements/durations.js';
import { Icon } from '../elements/icon.js';
import { applyTheme, chosenTheme, type Theme, themes } from './theme.js';

/** The operator, the two clocks of their own session, the appearance, and the way out. */
export function OwnSession() {
  const caller = useCaller();
  const clock = useSyncExternalStore(sessionClock.subscribe, sessionClock.now);
  useServerNow();
  const left = (at: number) => clockWords((at - performance.now()) / 1000);
  return (
    <details className="own">
      <summary>
        <Icon name="person" />
        <span className="who">{caller?.username ?? 'You'}</span>
        {clock && (
          <span className="clock" title="Your session ends after this time without activity">
            {left(clock.idleAt)}
          </span>
        )}
      </summary>
      <div className="panel">
        <h2>Your own session</h2>
        {clock ? (
          <dl className="facts">
            <dt>Ends without activity in</dt>
            <dd>{left(clock.idleAt)}</dd>
            <dt>Ends in any case in</dt>
            <dd>{left(clock.absoluteAt)}</dd>
          </dl>
        ) : (
          <p>The gateway has not told its clocks yet.</p>
        )}
        <p className="small quiet">
          Ending sessions and changing policies needs a sign-in within five minutes.
        </p>
        <Appearance />
        <form method="post" action="/.curfew/sign-out">
          <button type="submit" className="plain compact">
            Sign out
          </button>
        </form>
      </div>
    </details>
  );
}

function Appearance() {
  const [theme, setTheme] = useState<Theme>(chosenTheme);
  return (
    <fieldset className="segmented">
      <legend>Appearance</legend>
      {themes.map((one) => (
        <label key={one}>
          <input
            type="radio"
            name="theme"
            checked={theme === one}
            onChange={() => {
              applyTheme(one);
              setTheme(one);
            }}
          />
          <span>{one}</span>
        </label>
      ))}
    </fieldset>
  );
}
