import { CommandError } from '../exit.js';
import { besides } from './installation.js';
import { type Origin, type Send, sendFrom } from './network.js';
import { callback, introspect, type TokenAnswer, type Tokens } from './oauth.js';
import { Person } from './person.js';
import type { Stage } from './stage.js';
import { holderOf, type Step } from './steps.js';

/** A holder of tokens: the application in a person's browser, or somebody who took a copy. */
export interface Holder {
  origin: Origin;
  tokens: Tokens;
  /** The session the tokens are of. */
  readonly sid: string;
  /** The browser of the person; nobody's where the tokens were copied. */
  readonly browser: Browser | null;
}

/** A browser with its cookies; its network can change. */
export interface Browser {
  origin: Origin;
  person: Person;
}

/** Everybody in a scenario who holds tokens, by name. */
export class Holders {
  /** The refresh token that last followed another one. */
  readonly successors = new Map<string, string>();
  readonly #byName = new Map<string, Holder>();
  readonly #browsers = new Map<string, Browser>();

  constructor(private readonly stage: Stage) {}

  /** The holder with this name, which has got tokens in an earlier step. */
  of(name: string): Holder {
    const holder = this.#byName.get(name);
    if (!holder) throw new CommandError(`nobody is called ${name}`);
    return holder;
  }

  /** The session whose tokens the step was about; null where it was about none. */
  sessionOf(step: Step): string | null {
    return this.#byName.get(holderOf(step) ?? '')?.sid ?? null;
  }

  /** The browser of this name, as it was left; a new one where there is none. */
  browser(name: string, origin: Partial<Origin>): Browser {
    const known = this.#browsers.get(name);
    if (known) {
      known.origin = { ...known.origin, ...origin };
      return known;
    }
    const { username, password } = this.stage.account;
    const browser: Browser = {
      origin: { network: 'home', device: 'firefox', ...origin },
      person: new Person(username, password, {}, new Map(), (url, message) => {
        // The application itself does not exist: that somebody is sent back to it is all there is to see.
        if (url.origin === new URL(callback).origin) return Promise.resolve(new Response(''));
        return sendFrom(browser.origin)(url, message);
      }),
    };
    this.#browsers.set(name, browser);
    return browser;
  }

  /** Gives tokens to somebody; the session they are of is asked of introspection. */
  async give(name: string, { tokens }: TokenAnswer, browser: Browser): Promise<Holder> {
    if (!tokens) throw new CommandError('there are no tokens to hold');
    const { sid } = await this.introspect(tokens, besides, false);
    if (!sid) throw new CommandError('introspection names no session');
    const holder = { origin: browser.origin, tokens, sid, browser };
    this.#byName.set(name, holder);
    return holder;
  }

  /** A copy of what somebody holds now, in other hands. */
  copy(from: string, as: string, origin: Partial<Origin>): Holder {
    const { tokens, sid, origin: own } = this.of(from);
    const copy = { origin: { ...own, ...origin }, tokens, sid, browser: null };
    this.#byName.set(as, copy);
    return copy;
  }

  /** How requests of a holder are sent; an origin that is given stays theirs. */
  sendAs(holder: Holder, origin: Partial<Origin> = {}): Send {
    holder.origin = { ...holder.origin, ...origin };
    return sendFrom(holder.origin);
  }

  introspect({ accessToken }: Tokens, send: Send, touch: boolean) {
    const { installation, api } = this.stage;
    return introspect({ endpoints: installation.endpoints, client: api }, accessToken, send, touch);
  }
}
