import { createHash, randomBytes } from 'node:crypto';
import { formPost, get } from './connection.mjs';
import { shownTo } from './passkey.mjs';

/*
 * As much of a browser as a sign-in needs: cookies, redirects, forms, and an authenticator for people who have a passkey. It knows the pages
 * of no particular server, so the same code signs in at Curfew and at the baseline.
 */
const mostSteps = 15;

/** A person's browser: keeps cookies between visits. */
export class Browser {
  #connection;
  #cookies = new Map();

  /**
   * Runs one authorization code flow with PKCE; signs in and consents where pages ask for it.
   * @returns what a token request needs to redeem the code.
   */
  async authorize(connection, asked) {
    this.#connection = connection;
    const { url, verifier } = authorizationRequest(asked);
    const { redirectUri, person } = asked;
    const callback = await this.#walk(url, redirectUri, person);
    const code = callback.searchParams.get('code');
    if (!code)
      throw new Error(
        `authorization failed: ${callback.searchParams.get('error_description') ?? callback.search}`,
      );
    return { code, verifier, redirectUri };
  }

  /** Opens an address and goes no further: the answer, and the form of the page where there is one. */
  async open(connection, address) {
    this.#connection = connection;
    const url = new URL(address);
    return pageOf(url, await this.#visit(get(url, this.#headers())));
  }

  /** Sends the form of a page with these fields, and goes on to the page that follows. */
  async submit(connection, { url, form }, fields) {
    this.#connection = connection;
    const target = new URL(form.action ?? '', url);
    const answer = await this.#visit(formPost(target, fields, { ...this.#headers(), origin: target.origin }));
    const next = locationOf(answer);
    return next ? this.open(connection, new URL(next, target)) : pageOf(target, answer);
  }

  async #walk(start, until, person) {
    let url = start;
    let answer = await this.#visit(get(url, this.#headers()));
    for (let step = 0; step < mostSteps; step += 1) {
      const location = locationOf(answer);
      if (location) {
        url = new URL(location, url);
        if (url.href.startsWith(until)) return url;
        answer = await this.#visit(get(url, this.#headers()));
        continue;
      }
      const form = answer.status === 200 ? readForm(answer.body) : undefined;
      if (!form) throw new Error(`sign-in stopped at ${url.pathname} with status ${answer.status}`);
      const target = new URL(form.action ?? '', url);
      answer = await this.#visit(
        formPost(target, answerTo(answer.body, form, person), { ...this.#headers(), origin: url.origin }),
      );
      url = target;
    }
    throw new Error(`sign-in did not end within ${mostSteps} steps`);
  }

  async #visit(request) {
    const answer = await this.#connection.send(request);
    for (const [, name, value] of answer.head.matchAll(/\r\nset-cookie: *([^=;\s]+)=([^;\r\n]*)/gi)) {
      if (value === '') this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return answer;
  }

  #headers() {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    return { accept: 'text/html', ...(cookie ? { cookie } : {}) };
  }
}

const locationOf = ({ status, head }) =>
  status >= 300 && status < 400 ? /\r\nlocation: *([^\r\n]+)/i.exec(head)?.[1] : undefined;

const pageOf = (url, answer) => ({ url, answer, form: readForm(answer.body) });

/** An authorization request with PKCE, and the verifier of its code. */
export function authorizationRequest({ endpoint, client, redirectUri, scope, resource }) {
  const verifier = randomBytes(32).toString('base64url');
  const url = new URL(endpoint);
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const query = {
    client_id: client.id,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope,
    state: randomBytes(8).toString('hex'),
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...(scope.includes('offline_access') ? { prompt: 'consent' } : {}),
    ...(resource ? { resource } : {}),
  };
  url.search = new URLSearchParams(query).toString();
  return { url, verifier };
}

const attribute = (tag, name) => {
  const found = new RegExp(`\\b${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s>]+))`, 'i').exec(tag);
  return found ? (found[1] ?? found[2] ?? found[3]).replaceAll('&amp;', '&') : undefined;
};

// The first form that POSTs, with its inputs and the button a person would press first.
function readForm(html) {
  for (const [, tag, content] of html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/gi)) {
    if ((attribute(tag, 'method') ?? 'get').toLowerCase() !== 'post') continue;
    const inputs = [...content.matchAll(/<(input|button)\b([^>]*)>/gi)].map(([, element, rest]) => ({
      name: attribute(rest, 'name'),
      value: attribute(rest, 'value') ?? '',
      type: (
        attribute(rest, 'type') ?? (element.toLowerCase() === 'button' ? 'submit' : 'text')
      ).toLowerCase(),
    }));
    return { action: attribute(tag, 'action'), inputs };
  }
  return undefined;
}

/** The fields that a person sends with a form. A passkey stands in for those that they would type, which are not sent then. */
export function answerTo(html, form, person) {
  const credential = person.passkey && shownTo(html, person.passkey);
  if (!credential) return fillIn(form, person);
  const inputs = form.inputs.filter(({ type }) => type === 'hidden' || type === 'submit');
  return { ...fillIn({ inputs }, person), credential };
}

function fillIn({ inputs }, person) {
  const form = {};
  const buttons = inputs.filter(({ type, name }) => type === 'submit' && name);
  // A page that lets a person decline has a button for that, in whatever place.
  const pressed = buttons.find(({ value }) => !/deny|decline|cancel|refuse|abort/i.test(value));
  if (pressed) form[pressed.name] = pressed.value;
  for (const { name, value, type } of inputs) {
    if (type === 'submit' || !name) continue;
    if (type === 'password') form[name] = person.password;
    else if (type === 'text' || type === 'email') form[name] = value || person.username;
    // A hidden field without a value is sent as it is: one waits for the answer of a passkey.
    else if (type !== 'checkbox' || value) form[name] = value;
  }
  return form;
}
