import './generated/palette.css';
import './app.css';
import { createCurfew } from '@curfew/browser';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.js';

/** The addresses that the server of this page knows. */
interface Surroundings {
  readonly issuer: string;
  readonly clientId: string;
  readonly resource: string;
}

const { issuer, clientId, resource }: Surroundings = await (await fetch('/config.json')).json();

/** One Curfew for the whole page, made outside of every component. */
const curfew = createCurfew({
  issuer,
  clientId,
  redirectUri: `${location.origin}/spa/callback`,
  postLogoutRedirectUri: `${location.origin}/spa`,
  scope: 'openid orders:read',
  resource,
  apis: [`${location.origin}/orders`],
  // Often, so that an end from elsewhere is seen at once in a demonstration.
  watchEvery: 3,
});

const root = document.getElementById('app');
if (root)
  createRoot(root).render(
    <StrictMode>
      <App curfew={curfew} issuer={issuer} />
    </StrictMode>,
  );
