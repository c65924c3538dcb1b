import type { operations } from '../../generated/admin-api.js';

/** A registration as the admin API takes it. */
export type Registration = operations['createClient']['requestBody']['content']['application/json'];

/** The kinds of applications that the wizard knows. */
export type KindName = 'web' | 'single-page' | 'native' | 'machine' | 'api' | 'agent';

/** A kind of application, with what the standards say about it. */
export interface ApplicationKind {
  readonly name: KindName;
  readonly title: string;
  readonly about: string;
  /** The members that follow from the kind, each with its reason. */
  readonly follows: readonly {
    readonly member: string;
    readonly value: string;
    readonly why: string;
  }[];
  readonly registration: Partial<Registration>;
  /** An example of a redirect URI; undefined where people never come back to it. */
  readonly redirect?: string;
  /** Whether its redirect URIs may be left out. */
  readonly mayLackRedirect?: true;
}

const deviceCode = 'urn:ietf:params:oauth:grant-type:device_code';

const code = {
  member: 'Grants',
  value: 'authorization code with PKCE, refresh token',
  why: 'The code is worthless without the verifier that only this application has (RFC 9700 §2.1.1), and refresh tokens are replaced at every use (RFC 9700 §4.14.2).',
} as const;

const publicClient = (why: string) => ({ member: 'Authentication', value: 'none', why }) as const;

/** Every kind, in the order of the choice. */
export const applicationKinds: readonly ApplicationKind[] = [
  {
    name: 'web',
    title: 'Web application',
    about: 'runs on a server of yours, and people use it with a browser',
    follows: [
      code,
      {
        member: 'Authentication',
        value: 'client secret (Basic)',
        why: 'A server can keep a secret, so a stolen code or token is of no use elsewhere (RFC 6749 §2.1).',
      },
    ],
    registration: {
      application_type: 'web',
      grant_types: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_method: 'client_secret_basic',
    },
    redirect: 'https://shop.example.com/callback',
  },
  {
    name: 'single-page',
    title: 'Single-page application',
    about: 'runs in the browser alone, without a server of its own',
    follows: [
      code,
      publicClient('Everything in a browser can be read by its user, so there is no secret (RFC 6749 §2.1).'),
    ],
    registration: {
      application_type: 'web',
      grant_types: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_method: 'none',
    },
    redirect: 'https://app.example.com/callback',
  },
  {
    name: 'native',
    title: 'Native application',
    about: 'is installed on a phone or a computer',
    follows: [
      code,
      publicClient('A secret that ships with an app is known to everybody who has the app (RFC 8252 §8.5).'),
      {
        member: 'Redirect',
        value: 'an https address of the app, its own scheme, or loopback',
        why: 'Prefer an https address that belongs to the app: no other app can claim it (RFC 8252 §7.2). A loopback address is accepted with every port (§7.3).',
      },
    ],
    registration: {
      application_type: 'native',
      grant_types: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_method: 'none',
    },
    redirect: 'com.example.app:/callback',
  },
  {
    name: 'machine',
    title: 'Machine',
    about: 'a service that calls APIs for itself, with no person',
    follows: [
      {
        member: 'Grants',
        value: 'client credentials',
        why: 'Nobody signs in: the tokens speak for the service itself (RFC 6749 §4.4). There is no session and no refresh token.',
      },
      {
        member: 'Authentication',
        value: 'client secret (Basic)',
        why: 'This grant is for clients that can prove who they are, only (RFC 6749 §4.4).',
      },
    ],
    registration: {
      grant_types: ['client_credentials'],
      token_endpoint_auth_method: 'client_secret_basic',
    },
  },
  {
    name: 'api',
    title: 'API',
    about: 'checks tokens, and asks for none',
    follows: [
      {
        member: 'Grants',
        value: 'none',
        why: 'It asks whether tokens are active (RFC 7662) and follows the ends of sessions.',
      },
      {
        member: 'Authentication',
        value: 'client secret (Basic)',
        why: 'A client that asks about tokens must prove who it is, or anybody could try tokens out (RFC 7662 §2.1).',
      },
    ],
    registration: { grant_types: [], token_endpoint_auth_method: 'client_secret_basic' },
  },
  {
    name: 'agent',
    title: 'Agent or command line',
    about: 'acts for a person, from a terminal or a device without a browser',
    follows: [
      {
        member: 'Grants',
        value: 'device code, refresh token; authorization code with PKCE where it has a redirect',
        why: 'The person signs in on a device that they trust and compares a code (RFC 8628). With a loopback redirect it can open a browser itself (RFC 8252 §7.3).',
      },
      publicClient('Everybody who has the program has what is in it (RFC 8252 §8.5).'),
    ],
    registration: {
      application_type: 'native',
      grant_types: [deviceCode, 'refresh_token'],
      token_endpoint_auth_method: 'none',
    },
    redirect: 'http://127.0.0.1/callback',
    mayLackRedirect: true,
  },
];

/** The parts of a new application that a person fills in. */
export interface Wanted {
  readonly name: string;
  readonly redirects: readonly string[];
  readonly resources: readonly string[];
  /** The API that it answers for. */
  readonly resource: string;
  /** Whether its tokens are bound to a key of its own (RFC 9449). */
  readonly dpop: boolean;
}

/** The registration of a new application of a kind. */
export function registrationOf(kind: ApplicationKind, wanted: Wanted): Registration {
  const { redirects, resources, resource, dpop } = wanted;
  const grants = kind.registration.grant_types ?? [];
  const hasCode = grants.includes('authorization_code');
  const addsCode = kind.mayLackRedirect === true && redirects.length > 0 && !hasCode;
  return {
    client_name: wanted.name,
    ...kind.registration,
    grant_types: addsCode ? [...grants, 'authorization_code'] : grants,
    ...(kind.redirect && redirects.length > 0 ? { redirect_uris: [...redirects] } : {}),
    ...(kind.name === 'api' ? { resource } : { resources: [...resources] }),
    ...(dpop ? { dpop_bound_access_tokens: true } : {}),
  };
}

/** The kind that a registration looks like, in words. */
export function kindWords(client: {
  readonly grant_types: readonly string[];
  readonly token_endpoint_auth_method: string;
  readonly application_type?: unknown;
  readonly resource: string | null;
}): string {
  const { grant_types: grants, token_endpoint_auth_method: method } = client;
  const named = (name: KindName) => applicationKinds.find((kind) => kind.name === name)?.title ?? name;
  if (grants.includes(deviceCode)) return named('agent');
  if (grants.includes('authorization_code')) {
    if (method !== 'none') return named('web');
    return client.application_type === 'native' ? named('native') : named('single-page');
  }
  if (grants.includes('client_credentials')) return named('machine');
  return client.resource === null ? 'without a grant' : named('api');
}
