import { createHash } from 'node:crypto';
import { clientAssertion } from './assertion.mjs';
import { authorizationRequest, Browser } from './browser.mjs';
import { basic, formPost, get } from './connection.mjs';
import { sendWithProof } from './dpop.mjs';

/*
 * The operations that are measured. Each makes one request (sign-in: as many as a browser would) and judges the answer:
 * it returns nothing when the answer is right, and a sentence when it is not. A path with one wrong answer gets no number.
 *
 * @typedef {{ endpoints: Record<string, string> }} Target addresses of one server
 * @typedef {(connection: import('./connection.mjs').Connection, item: any) => Promise<string | undefined>} Operation
 */

/** Operations by name: each takes the target and its options and returns what is done per item. */
export const operations = {
  refresh({ endpoints }, { client, idToken, parameters = {} }) {
    const url = new URL(endpoints.token);
    return async (connection, item) => {
      const form = { grant_type: 'refresh_token', refresh_token: item.refreshToken, ...parameters };
      const answer = await connection.send(
        formPost(url, form, ...authenticate(item.client ?? client, form, url)),
      );
      const body = parse(answer);
      if (answer.status !== 200) return unexpected(answer);
      if (typeof body.refresh_token !== 'string' || body.refresh_token === item.refreshToken)
        return 'no successor in a refresh';
      if (!isBearer(body)) return 'no access token in a refresh';
      if (Boolean(body.id_token) !== Boolean(idToken))
        return `${idToken ? 'no' : 'an unasked-for'} ID token in a refresh`;
      item.refreshToken = body.refresh_token;
      item.accessToken = body.access_token;
      item.uses = (item.uses ?? 0) + 1;
    };
  },

  'refresh-dpop'({ endpoints }, { client, parameters = {} }) {
    const url = new URL(endpoints.token);
    return async (connection, item) => {
      const form = { grant_type: 'refresh_token', refresh_token: item.refreshToken, ...parameters };
      const [headers] = authenticate(client, form);
      const answer = await sendWithProof(connection, url, form, headers, item);
      const body = parse(answer);
      if (answer.status !== 200) return unexpected(answer);
      if (body.token_type !== 'DPoP') return 'a DPoP refresh gave another kind of token';
      // A confidential client's bound token may be kept; a public client's is rotated (RFC 9449 §8 leaves it open).
      item.refreshToken = body.refresh_token ?? item.refreshToken;
    };
  },

  introspection({ endpoints }, { client, active = true }) {
    const url = new URL(endpoints.introspection);
    return async (connection, item) => {
      const answer = await connection.send(
        formPost(url, { token: item.accessToken }, { authorization: basic(client) }),
      );
      if (answer.status !== 200) return unexpected(answer);
      const body = parse(answer);
      if (body.active !== active) return `introspection said active=${body.active}, not ${active}`;
      if (!active && Object.keys(body).length !== 1)
        return 'introspection of a dead token says more than active=false';
    };
  },

  /** An API exchanges the token of a person for one of another API (RFC 8693), which the item has from then on. */
  exchange({ endpoints }, { client, resource }) {
    const url = new URL(endpoints.token);
    return async (connection, item) => {
      const form = {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: item.accessToken,
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        resource,
      };
      const answer = await connection.send(formPost(url, form, { authorization: basic(client) }));
      if (answer.status !== 200) return unexpected(answer);
      const body = parse(answer);
      if (!isBearer(body)) return 'no access token in an exchange';
      item.accessToken = body.access_token;
    };
  },

  'client-credentials'({ endpoints }, { client, parameters = {} }) {
    const url = new URL(endpoints.token);
    const request = formPost(
      url,
      { grant_type: 'client_credentials', ...parameters },
      { authorization: basic(client) },
    );
    return async (connection, item) => {
      const answer = await connection.send(request);
      if (answer.status !== 200) return unexpected(answer);
      const body = parse(answer);
      if (!isBearer(body)) return 'no access token for client credentials';
      item.accessToken = body.access_token;
    };
  },

  revocation({ endpoints }, { client }) {
    const url = new URL(endpoints.revocation);
    return async (connection, item) => {
      const form = { token: item.refreshToken };
      const answer = await connection.send(formPost(url, form, ...authenticate(client, form)));
      if (answer.status !== 200) return unexpected(answer);
      item.ended = true;
    };
  },

  /** One more authorization in a browser that stays signed in, one browser per connection; leaves its code in the item. */
  authorize({ endpoints }, options) {
    const browsers = new WeakMap();
    return async (connection, item) => {
      const browser = browsers.get(connection) ?? new Browser();
      browsers.set(connection, browser);
      Object.assign(
        item,
        await browser.authorize(connection, { endpoint: endpoints.authorization, ...options }),
      );
    };
  },

  'code-exchange'({ endpoints }, { client }) {
    const url = new URL(endpoints.token);
    return async (connection, item) => {
      const answer = await connection.send(codeRequest(url, client, item));
      if (answer.status !== 200) return unexpected(answer);
      const body = parse(answer);
      if (!isBearer(body) || typeof body.refresh_token !== 'string') return 'a code gave no pair of tokens';
      item.accessToken = body.access_token;
      item.refreshToken = body.refresh_token;
    };
  },

  /** One person after the other, each with a new browser: pages, password, consent, redirect back. One operation is the whole flow. */
  'sign-in'({ endpoints }, { people, passkeys, ...options }) {
    let turn = 0;
    return async (connection) => {
      turn += 1;
      const person = passkeys
        ? { passkey: passkeys[turn % passkeys.length] }
        : { ...options.person, ...(people && { username: people[turn % people.length] }) };
      await new Browser().authorize(connection, { endpoint: endpoints.authorization, ...options, person });
    };
  },

  /** A new browser each time, up to the page where somebody signs in. */
  'sign-in-page'({ endpoints }, options) {
    return async (connection) => {
      const { url } = authorizationRequest({ endpoint: endpoints.authorization, ...options });
      const { answer, form } = await new Browser().open(connection, url);
      return answer.status === 200 && form ? undefined : unexpected(answer);
    };
  },

  /** An operator looks at sessions: the newest ones, or those of the item's account. */
  'sessions-page'({ endpoints }, { authorization, query }) {
    return async (connection, { account }) => {
      const url = new URL(`${endpoints.sessions}?${query}${account ? `&account=${account}` : ''}`);
      const answer = await connection.send(get(url, { authorization }));
      if (answer.status !== 200) return unexpected(answer);
      const { items } = parse(answer);
      if (!Array.isArray(items) || items.length === 0) return 'a page without sessions';
      if (account && items.some((session) => session.account_id !== account))
        return 'a session of somebody else';
    };
  },

  /** A reverse proxy asks whether a request may pass; `answer` is what the head of the answer must match. */
  gateway({ endpoints }, { headers = {}, answer: wanted }) {
    const url = new URL(endpoints.gateway);
    return async (connection, item) => {
      const answer = await connection.send(
        get(url, { authorization: `Bearer ${item.accessToken}`, ...headers }),
      );
      if (answer.status !== 200) return unexpected(answer);
      if (wanted && !wanted.test(answer.head)) return 'an allowed request without an identity';
    };
  },
};

/** The token request that redeems a code. */
export function codeRequest(url, client, { code, verifier, redirectUri }, headers = {}) {
  const form = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: redirectUri };
  const [authentication] = authenticate(client, form, url);
  return formPost(url, form, { ...authentication, ...headers });
}

/** Headers of a client with a secret; one with a key asserts who it is in the form, and a public client names itself there. */
export function authenticate(client, form, url) {
  if (client.privateJwk) Object.assign(form, clientAssertion(client, url));
  if (client.secret) return [{ authorization: basic(client) }];
  if (client.privateJwk) return [{}];
  form.client_id = client.id;
  return [{}];
}

const isBearer = (body) =>
  typeof body.access_token === 'string' && /^bearer$/i.test(body.token_type) && body.expires_in > 0;

function parse(answer) {
  try {
    return JSON.parse(answer.body);
  } catch {
    return {};
  }
}

// Error codes are safe to show; tokens never stand in an error answer.
const unexpected = (answer) => `status ${answer.status} ${answer.body.slice(0, 160)}`;

/** A short fingerprint of a token, to tell tokens apart without showing them. */
export const fingerprint = (token) => createHash('sha256').update(String(token)).digest('hex').slice(0, 12);
