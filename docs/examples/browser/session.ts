import { ErrorResponse, UserManager, WebStorageStateStore } from 'oidc-client-ts';

const users = new UserManager({
  authority: 'https://login.example.com',
  client_id: 'shop-web',
  redirect_uri: `${location.origin}/callback`,
  post_logout_redirect_uri: `${location.origin}/`,
  scope: 'openid orders:read',
  resource: 'https://orders.example.com',
  // A page that nobody uses must become idle, so tokens are refreshed when a request needs them.
  automaticSilentRenew: false,
  userStore: new WebStorageStateStore({ store: localStorage }),
});

/** Sends the person to the sign-in page. They come back to the page they left. */
export const signIn = (): Promise<void> => users.signinRedirect({ state: location.pathname });

/** Completes a sign-in at `/callback`, and returns the page to go on with. */
export const completeSignIn = async (): Promise<string> =>
  String((await users.signinCallback())?.state ?? '/');

/** Ends the session and signs the person out of the browser. */
export const signOut = (): Promise<void> => users.signoutRedirect();

const signInAgain = new Set(['invalid_grant', 'insufficient_user_authentication', 'login_required']);

/** An access token, or undefined when the person has to sign in. Tabs share one refresh, because a used token must not come back. */
export const accessToken = (): Promise<string | undefined> =>
  navigator.locks.request('curfew-refresh', async () => {
    const user = await users.getUser();
    if (!user || (user.expires_in ?? 0) > 30) return user?.access_token;
    try {
      return (await users.signinSilent())?.access_token;
    } catch (error) {
      // Any other error leaves the refresh token usable: the next call tries it again.
      if (!(error instanceof ErrorResponse && signInAgain.has(error.error ?? ''))) throw error;
      await users.removeUser();
      return undefined;
    }
  });

/** `fetch` with an access token. Without one it leaves the page for the sign-in. */
export const fetchFromApi = async (url: string, init: RequestInit = {}): Promise<Response> => {
  const token = await accessToken();
  if (token === undefined) {
    await signIn();
    throw new Error('the page is being left for the sign-in');
  }
  const headers = new Headers(init.headers);
  headers.set('Authorization', `Bearer ${token}`);
  return fetch(url, { ...init, headers });
};
