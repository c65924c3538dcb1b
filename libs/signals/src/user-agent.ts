import Bowser from 'bowser';
import { LRUCache } from 'lru-cache';

/** The parts of a User-Agent that are kept: names without versions, so that an update of browser or system makes no difference. */
export interface UserAgent {
  readonly family: string | null;
  readonly operatingSystem: string | null;
}

const unknownUserAgent: UserAgent = { family: null, operatingSystem: null };
/** Real ones are under 300 characters; the bound keeps pattern matching and the cache cheap for hostile ones. */
const maxUserAgentLength = 512;
const maxNameLength = 64;

/** Reads User-Agent headers and remembers the last few thousand different ones. */
export class UserAgentReader {
  private readonly known: LRUCache<string, UserAgent>;

  constructor(remembered = 2000) {
    this.known = new LRUCache({ max: remembered });
  }

  read(header: string | undefined): UserAgent {
    const text = header?.slice(0, maxUserAgentLength).trim();
    if (text === undefined || text === '') return unknownUserAgent;
    const remembered = this.known.get(text);
    if (remembered !== undefined) return remembered;
    const parsed = parse(text);
    this.known.set(text, parsed);
    return parsed;
  }
}

const parse = (text: string): UserAgent => {
  const { browser, os } = Bowser.parse(text);
  // HTTP libraries and apps ("okhttp/4.12", "Orders/3.1 CFNetwork") name themselves in the first product token (RFC 9110 §10.1.5).
  const product = /^([\w.!#$&'*+^`|~-]+)(?:\/|\s|$)/.exec(text)?.[1];
  return { family: name(browser.name) ?? name(product), operatingSystem: name(os.name) };
};

const name = (text: string | undefined): string | null => {
  const trimmed = text?.trim().slice(0, maxNameLength) ?? '';
  return trimmed === '' ? null : trimmed;
};
