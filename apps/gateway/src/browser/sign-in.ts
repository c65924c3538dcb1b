import { createHash, randomBytes, randomInt } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { AskedRequest } from '@curfew/web';
import { cookieNames, readCookie } from '@curfew/web';
import { type BrowserClient, ownPaths } from './browser-client.js';
import type { CookieSeal } from './cookie-seal.js';
import { cookieName, writeCookie } from './cookies.js';
import { returnAddress } from './return-address.js';

/** Seconds a person has to sign in before the way back is forgotten. */
const signInLasts = 1_800;

/**
 * Places for the ways back of sign-ins under way, so that tabs do not disturb each other and their cookies together stay below the
 * 8 KiB that servers take of one header. The first is for long return addresses.
 */
const places: readonly [string, ...string[]] = [
  'slot-0000000',
  'slot-0000001',
  'slot-0000002',
  'slot-0000003',
];
/** Longer addresses have one place for all of them. */
const maxShortAddress = 896;

/** The state of a sign-in in progress, sealed in a cookie of its own. */
interface SignInUnderWay {
  readonly state: string;
  readonly verifier: string;
  /** Path and query of this host to which the person wanted. */
  readonly returnTo: string;
  /** The context classes it was begun for, where it was for some. */
  readonly askedFor?: string | undefined;
}

/** The authentication that a refusal demands, in the terms of its challenge. */
export interface DemandedAuthentication {
  /** Seconds that it may be old. */
  readonly maxAge?: number | undefined;
  /** Context classes of which one is wanted. */
  readonly acrValues?: string | undefined;
}

/** A redirect with a cookie. */
export interface Redirect {
  readonly location: string;
  readonly cookies: readonly string[];
}

/** A code, with what was kept of the way it came. */
export interface ReturnedCode extends Omit<SignInUnderWay, 'state'> {
  readonly kind: 'code';
  readonly code: string;
}

/** The result in the callback's query, when it belongs to a sign-in that this browser began. */
export type ReturnedSignIn =
  | ReturnedCode
  | {
      readonly kind: 'refused';
      readonly returnTo: string;
      /** Whether the account has no second step, and what it was asked for needs one. */
      readonly lacksSecondStep: boolean;
    }
  | { readonly kind: 'unknown' };

/** The way of a person to the authorization server and back (RFC 6749 §4.1, RFC 7636). */
export class SignIn {
  constructor(
    private readonly issuer: string,
    private readonly client: BrowserClient,
    private readonly seal: CookieSeal,
  ) {}

  /** Sends a person there, to an authentication as a challenge demands it (RFC 9470 §4). */
  begin(
    request: IncomingMessage,
    { scheme, host }: AskedRequest,
    wanted: string,
    { maxAge, acrValues }: DemandedAuthentication = {},
  ): Redirect {
    const returnTo = returnAddress(wanted);
    const known = wayCookies(request);
    const place = freePlace(known, returnTo.length > maxShortAddress);
    const state = stateFor(place);
    const verifier = randomBytes(32).toString('base64url');
    const address = new URL(`${this.issuer}/authorize`);
    address.search = new URLSearchParams({
      response_type: 'code',
      client_id: this.client.clientId,
      redirect_uri: redirectUri(scheme, host),
      scope: this.client.scopes.join(' '),
      resource: this.client.audience,
      state,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      // OpenID Connect Core §11: offline access needs the person's word each time.
      ...(this.client.scopes.includes('offline_access') ? { prompt: 'consent' } : {}),
      ...(maxAge === undefined ? {} : { max_age: String(maxAge) }),
      ...(acrValues === undefined ? {} : { acr_values: acrValues }),
    }).toString();
    const name = wayName(scheme, place);
    const sealed = this.seal.close(
      { state, verifier, returnTo, askedFor: acrValues } satisfies SignInUnderWay,
      `${name} ${host}`,
    );
    return {
      location: address.href,
      cookies: [...this.#forgetOthers(known, scheme), writeCookie(name, sealed, scheme, signInLasts)],
    };
  }

  /** Reads what the person came back with, and forgets the way. */
  end(request: IncomingMessage, { scheme, host, query }: AskedRequest): [ReturnedSignIn, readonly string[]] {
    const returned = new URLSearchParams(query);
    const state = returned.get('state') ?? '';
    const name = wayName(scheme, placeOf(state));
    const underWay = this.seal.open<SignInUnderWay>(readCookie(request, name), `${name} ${host}`);
    if (!underWay || underWay.state !== state) return [{ kind: 'unknown' }, []];
    const cookies = [writeCookie(name, '', scheme, 0)];
    const { verifier, returnTo, askedFor } = underWay;
    const code = returned.get('code');
    // RFC 9207 §2.4: an answer of another authorization server is none.
    const isOurs = returned.get('iss') === this.issuer;
    if (!isOurs || code === null || returned.has('error')) {
      const lacksSecondStep = isOurs && returned.get('error') === 'unmet_authentication_requirements';
      return [{ kind: 'refused', returnTo, lacksSecondStep }, cookies];
    }
    return [{ kind: 'code', code, verifier, returnTo, askedFor }, cookies];
  }

  /** Cookies of ways that have no place any more, such as those of an earlier version. */
  #forgetOthers(known: readonly string[], scheme: string): readonly string[] {
    const kept = new Set(places.map((place) => wayName(scheme, place)));
    return known.filter((name) => !kept.has(name)).map((name) => writeCookie(name, '', scheme, 0));
  }
}

const wayName = (scheme: string, place: string): string => cookieName(`curfew_way_${place}`, scheme);

/** Names of the way cookies of a request, oldest first (RFC 6265 §5.4). */
const wayCookies = (request: IncomingMessage): readonly string[] =>
  cookieNames(request).filter((name) => /^(__Host-)?curfew_way_[\w-]+$/.test(name));

/** A free slot, chosen at random because tabs ask at the same time; if none is free, the slot of the oldest sign-in. */
function freePlace(known: readonly string[], isLong: boolean): string {
  if (isLong) return places[0];
  const short = places.slice(1);
  const isTaken = (place: string) => known.some((name) => name.endsWith(place));
  const free = short.filter((place) => !isTaken(place));
  if (free.length > 0) return free[randomInt(free.length)]!;
  const oldest = known.map((name) => name.slice(-short[0]!.length)).find((place) => short.includes(place));
  return oldest ?? short[0]!;
}

/** The state says which place its way has. */
const placeOf = (state: string): string => places[(Buffer.from(state, 'base64url')[0] ?? 0) % places.length]!;

function stateFor(place: string): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & ~(places.length - 1)) | places.indexOf(place);
  return bytes.toString('base64url');
}

/** The redirect URI of the gateway at a host. */
export const redirectUri = (scheme: string, host: string): string =>
  `${scheme}://${host}${ownPaths.callback}`;
