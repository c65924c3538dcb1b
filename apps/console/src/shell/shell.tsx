import { useQuery } from '@tanstack/react-query';
import { Link, Outlet } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { callerQuery } from '../admin-api/caller.js';
import { Icon } from '../elements/icon.js';
import { Failed } from '../elements/states.js';
import { CommandPalette } from './command-palette.js';
import { IdleWarning } from './idle-warning.js';
import { useRowKeys } from './keyboard.js';
import { LostConnection } from './lost-connection.js';
import { pages } from './navigation.js';
import { OwnSession } from './own-session.js';
import { SignInDialog } from './sign-in-dialog.js';

const isMac = navigator.platform.startsWith('Mac');

/** The frame of every page: navigation, search, the operator's own session, and what may come over a page at any time. */
export function Shell() {
  const caller = useQuery(callerQuery);
  const [isSearching, setSearching] = useState(false);
  const page = useRef<HTMLElement>(null);
  useRowKeys(page);
  useEffect(() => {
    const open = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(event.metaKey || event.ctrlKey)) return;
      event.preventDefault();
      setSearching(true);
    };
    window.addEventListener('keydown', open);
    return () => window.removeEventListener('keydown', open);
  }, []);
  return (
    <div className="shell">
      <a className="skip" href="#page">
        Skip to the page
      </a>
      <header className="bar">
        <Link to="/" className="brand" aria-label="Curfew, first page">
          <Icon name="emblem" />
          <span>Curfew</span>
        </Link>
        <button type="button" className="search" onClick={() => setSearching(true)}>
          <Icon name="search" />
          <span>Search or go to</span>
          <kbd>{isMac ? '⌘' : 'Ctrl'} K</kbd>
        </button>
        <OwnSession />
      </header>
      <nav aria-label="Pages" className="pages">
        <ul>
          {pages.map(({ to, title, icon }) => (
            <li key={to}>
              <Link to={to} activeProps={{ 'aria-current': 'page' }}>
                <Icon name={icon} />
                <span>{title}</span>
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <main id="page" tabIndex={-1} ref={page}>
        <LostConnection />
        {caller.isError && <Failed error={caller.error} onRetry={() => caller.refetch()} />}
        {caller.data?.scopes.length === 0 && (
          <div className="notice bad" role="alert">
            <p className="strong">You are signed in, but you are no operator.</p>
            <p>An operator with the scope accounts:write can make you one.</p>
          </div>
        )}
        {(caller.data?.scopes.length ?? 1) > 0 && <Outlet />}
      </main>
      {isSearching && <CommandPalette onClose={() => setSearching(false)} />}
      <IdleWarning />
      <SignInDialog />
    </div>
  );
}
