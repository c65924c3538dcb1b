import './generated/palette.css';
import './shell/base.css';
import './shell/shell.css';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode, startTransition } from 'react';
import { createRoot } from 'react-dom/client';
import { Problem } from './admin-api/problem.js';
import { router } from './router.js';
import { applyTheme } from './shell/theme.js';

applyTheme();

/** Nothing is asked for by itself: a question counts as activity, and polling must not keep a session awake. */
const queries = new QueryClient({
  defaultOptions: {
    // A question or an act that waits for the network by itself would be carried out later, on rows that are old by then.
    mutations: { networkMode: 'always' },
    queries: {
      networkMode: 'always',
      staleTime: 15_000,
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
      retry: (failures, error) => failures < 2 && error instanceof Problem && error.status >= 500,
    },
  },
});

const root = document.getElementById('console');
if (root) {
  const shown = createRoot(root);
  // A transition is rendered in slices of a few milliseconds, between which a slow processor answers keys and taps.
  startTransition(() =>
    shown.render(
      <StrictMode>
        <QueryClientProvider client={queries}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </StrictMode>,
    ),
  );
}
