import { createHash, randomBytes } from 'node:crypto';
import { formPost, get } from './connection.mjs';

/*
 * As much of a browser as a sign-in needs: cookies, redirects and forms. It knows the pages of no particular server, so
 * the same code signs in at Curfew and at the baseline.
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
  async authorize(connection, { endpoint, client, redirectUri, scope, resource, person }) {
    this.#connection = connection;
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
    const callback = await this.#walk(url, redirectUri, person);
    const code = callback.searchParams.get('code');
    if (!code)
      throw new Error(
        `authorization failed: ${callback.searchParams.get('error_description') ?? callback.search}`,
      );
    return { code, verifier, redirectUri };
  }

  async #walk(start, until, person) {
    let url = start;
    let answer = await this.#visit(get(url, this.#headers()));
    for (let step = 0; step < mostSteps; step += 1) {
      const location = /\r\nlocation: *([^\r\n]+)/i.exec(answer.head)?.[1];
      if (location && answer.status >= 300 && answer.status < 400) {
        url = new URL(location, url);
        if (url.href.startsWith(until)) return url;
        answer = await this.#visit(get(url, this.#headers()));
        continue;
      }
      const form = answer.status === 200 ? readForm(answer.body) : undefined;
      if (!form) throw new Error(`sign-in stopped at ${url.pathname} with status ${answer.status}`);
      const target = new URL(form.action ?? '', url);
      answer = await this.#visit(
        formPost(target, fillIn(form, person), { ...this.#headers(), origin: url.origin }),
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
