import { basic, type Form, posted, type Side } from './answers-side.js';
import { unknownId } from './answers-world.js';
import { orders } from './protocol-world.js';

/** One request, or a few in a row, whose answers are recorded. */
export interface Case {
  readonly name: string;
  readonly run: (side: Side) => Promise<unknown>;
}

type Pairs = readonly (readonly [string, string])[];

/** A request that is right as it stands, to be spoilt. */
interface Base {
  readonly name: string;
  readonly path: string;
  readonly make: (side: Side) => Promise<{ readonly pairs: Pairs; readonly auth: Record<string, string> }>;
}

const pushedPairs = (side: Side): Pairs => [
  ['response_type', 'code'],
  ['client_id', side.web.id],
  ['redirect_uri', side.world.protocol.callback],
  ['code_challenge', 'c'.repeat(43)],
  ['code_challenge_method', 'S256'],
  ['scope', 'openid'],
];

const bases: readonly Base[] = [
  {
    name: 'a refresh',
    path: '/token',
    make: async (side) => {
      const { token } = await side.session('web');
      return {
        pairs: [
          ['grant_type', 'refresh_token'],
          ['refresh_token', token],
        ],
        auth: basic(side.web),
      };
    },
  },
  {
    name: 'a machine’s request',
    path: '/token',
    make: async (side) => ({
      pairs: [
        ['grant_type', 'client_credentials'],
        ['scope', 'orders:read'],
      ],
      auth: basic(side.twin('machine')),
    }),
  },
  {
    name: 'an introspection',
    path: '/introspection',
    make: async (side) => {
      const { id } = await side.session('web');
      return { pairs: [['token', side.world.seal({ grantId: id })]], auth: basic(side.api) };
    },
  },
  {
    name: 'a revocation',
    path: '/revocation',
    make: async (side) => {
      const { id } = await side.session('web');
      const token = side.world.seal({ grantId: id, clientId: side.web.id });
      return { pairs: [['token', token]], auth: basic(side.web) };
    },
  },
  {
    name: 'a pushed request',
    path: '/par',
    make: async (side) => ({ pairs: pushedPairs(side), auth: basic(side.web) }),
  },
  {
    name: 'a device’s request',
    path: '/device/authorization',
    make: async (side) => ({
      pairs: [
        ['client_id', side.world.protocol.clients.tv.id],
        ['scope', 'openid'],
      ],
      auth: {},
    }),
  },
];

interface Spoilt {
  readonly form: Form;
  readonly headers?: Record<string, string | undefined>;
  readonly method?: string;
  readonly suffix?: string;
}

const text = (pairs: Pairs): string => new URLSearchParams(pairs as never).toString();
const type = (value: string | undefined) => (pairs: Pairs) => ({
  form: text(pairs),
  headers: { 'content-type': value },
});
const header = (name: string, value: string) => (pairs: Pairs) => ({
  form: text(pairs),
  headers: { [name]: value },
});
const after = (more: string) => (pairs: Pairs) => ({ form: `${text(pairs)}${more}` });
const before = (more: string) => (pairs: Pairs) => ({ form: `${more}${text(pairs)}` });
const formType = 'application/x-www-form-urlencoded';
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);
const marked = (pairs: Pairs) => Buffer.concat([byteOrderMark, Buffer.from(text(pairs))]);

/** Changes to a request, by name; each of them is made to each base. */
const spoilers: Readonly<Record<string, (pairs: Pairs) => Spoilt>> = {
  'nothing wrong': (pairs) => ({ form: text(pairs) }),
  'its last parameter twice': (pairs) => ({ form: text([...pairs, pairs.at(-1)!]) }),
  'its first parameter twice, once empty': (pairs) => ({ form: text([[pairs[0]![0], ''], ...pairs]) }),
  'an unknown parameter twice': after('&x=1&x=2'),
  'empty parameters': after('&x=&resource=&client_assertion=&token_type_hint='),
  'a parameter without a name': after('&=x&&=&'),
  'a flag without a value': after('&flag&touch'),
  'names of Object.prototype': after('&__proto__=1&constructor=2&hasOwnProperty=3&toString=4'),
  'brackets in names': after('&a[b]=c&token[]=x&scope[0]=y&__proto__[scope]=z'),
  'its first parameter as an array': (pairs) => ({
    form: `${pairs[0]![0]}[]=${pairs[0]![1]}&${text(pairs.slice(1))}`,
  }),
  'a thousand parameters before it': before(
    Array.from({ length: 1100 }, (_, i) => `${i.toString(36)}&`).join(''),
  ),
  'a thousand parameters after it': after(
    Array.from({ length: 1100 }, (_, i) => `&${i.toString(36)}`).join(''),
  ),
  'ten thousand parameters': after(Array.from({ length: 10_000 }, (_, i) => `&${i.toString(36)}`).join('')),
  'more than it may be long': after(`&x=${'y'.repeat(60_000)}`),
  'much beside it': after(`&x=${'y'.repeat(20_000)}`),
  'nothing in it': () => ({ form: '' }),
  'a byte order mark': (pairs) => ({ form: marked(pairs) }),
  'a byte order mark and a charset': (pairs) => ({
    form: marked(pairs),
    headers: { 'content-type': `${formType}; charset=utf-8` },
  }),
  'a byte order mark before a copy of its first parameter': (pairs) => ({
    form: Buffer.concat([marked([pairs[0]!]), Buffer.from(`&${text(pairs)}`)]),
    headers: { 'content-type': `${formType}; charset=utf-8` },
  }),
  'bytes that are not UTF-8': (pairs) => ({
    form: Buffer.concat([
      Buffer.from(`${text(pairs)}&x=`),
      Buffer.from([0xff, 0xfe, 0xc3, 0x28, 0xed, 0xa0, 0x80]),
    ]),
  }),
  'bytes that are not UTF-8, with a charset': (pairs) => ({
    form: Buffer.concat([Buffer.from(`${text(pairs)}&touch=`), Buffer.from([0xff, 0xc3])]),
    headers: { 'content-type': `${formType};charset=UTF-8` },
  }),
  'percent signs that encode nothing': after('&x=%&y=%zz&z=%u0041&%=%'),
  'NUL in its last parameter': (pairs) => ({ form: `${text(pairs)}%00` }),
  'invalid UTF-8 in its last parameter': (pairs) => ({ form: `${text(pairs)}%ff%c0%80` }),
  'a line break in its last parameter': (pairs) => ({ form: `${text(pairs)}%0d%0aX-Injected:%201` }),
  'a blank before its last parameter': (pairs) => ({ form: text(pairs).replace(/=([^=]*)$/, '=+$1') }),
  'a name in percent signs': (pairs) => ({
    form: text(pairs).replace(/^(.)/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
  }),
  'a name in capitals': (pairs) => ({
    form: text([[pairs[0]![0].toUpperCase(), pairs[0]![1]], ...pairs.slice(1)]),
  }),
  'semicolons between parameters': (pairs) => ({ form: text(pairs).replaceAll('&', ';') }),
  'its values encoded twice': (pairs) => ({
    form: text(pairs.map(([name, value]) => [name, encodeURIComponent(value)])),
  }),
  'everything in percent signs': (pairs) => ({
    form: pairs
      .map(([name, value]) => `${name}=${[...value].map((c) => `%${c.charCodeAt(0).toString(16)}`).join('')}`)
      .join('&'),
  }),
  'authorization details': after('&authorization_details=%5B%5D'),
  'an assertion that is none': after('&client_assertion=x.y.z'),
  'the type of an assertion only': after('&client_assertion_type=x'),
  'a charset': type(`${formType}; charset=utf-8`),
  'a charset in capitals': type(`${formType}; charset=UTF-8`),
  'a quoted charset': type(`${formType}; charset="utf-8"`),
  'a charset that is another': type(`${formType}; charset=iso-8859-1`),
  'a charset of two bytes': type(`${formType}; charset=utf-16le`),
  'a charset that invites attacks': type(`${formType}; charset=utf-7`),
  'a charset that does not exist': type(`${formType}; charset=nonsense`),
  'a boundary': type(`${formType}; boundary=x`),
  'its type in capitals': type(formType.toUpperCase()),
  'two types': type(`${formType}, application/json`),
  'no type': type(undefined),
  'the type of JSON': type('application/json'),
  'the type of multipart': type('multipart/form-data; boundary=x'),
  'the type of text': type('text/plain'),
  'JSON in it': (pairs) => ({
    form: JSON.stringify(Object.fromEntries(pairs)),
    headers: { 'content-type': 'application/json' },
  }),
  'an origin that may not': header('origin', 'https://evil.example'),
  'the origin null': header('origin', 'null'),
  'a proof that is none': header('dpop', 'x.y.z'),
  'an attestation that is none': header('oauth-client-attestation', 'x.y.z'),
  'a body said to be compressed': header('content-encoding', 'gzip'),
  'a body said to be itself': header('content-encoding', 'identity'),
  'an expectation': header('expect', '100-continue'),
  'another method in a header': header('x-http-method-override', 'GET'),
  cookies: header('cookie', 'curfew=1; __Host-curfew=2; __proto__=3'),
  'a forwarded host': header('x-forwarded-host', 'evil.example'),
  'its length in chunks': (pairs) => ({
    form: text(pairs),
    headers: { 'content-length': undefined, 'transfer-encoding': 'chunked' },
  }),
  'a query': (pairs) => ({ form: text(pairs), suffix: '?x=1' }),
  'its parameters in the query': (pairs) => ({ form: '', suffix: `?${text(pairs)}` }),
  'a slash at the end': (pairs) => ({ form: text(pairs), suffix: '/' }),
  'the method GET': (pairs) => ({ form: '', suffix: `?${text(pairs)}`, method: 'GET' }),
  'the method PUT': (pairs) => ({ form: text(pairs), method: 'PUT' }),
  'the method OPTIONS': () => ({ form: '', method: 'OPTIONS' }),
};

/** Every spoiler on every base. */
export const spoiltForms: readonly Case[] = bases.flatMap(({ name, path, make }) =>
  Object.entries(spoilers).map(([how, spoil]) => ({
    name: `${name} with ${how}`,
    run: async (side: Side) => {
      const { pairs, auth } = await make(side);
      const { form, headers, method, suffix = '' } = spoil(pairs);
      return side.post(`${path}${suffix}`, form, { ...auth, ...headers }, method);
    },
  })),
);

const raw = (credentials: string | Buffer, scheme = 'Basic') => ({
  authorization: `${scheme} ${Buffer.from(credentials).toString('base64')}`,
});
type Identification = (side: Side) => { form?: Record<string, string>; headers?: Record<string, string> };
const percent = (value: string) => [...value].map((c) => `%${c.charCodeAt(0).toString(16)}`).join('');
const whole = ({ web }: Side) => `${web.id}:${web.secret}`;

/** Ways to say who is asking, each at every endpoint. Right ones are told by what they are answered. */
const identifications: Readonly<Record<string, Identification>> = {
  'in the header': ({ web }) => ({ headers: basic(web) }),
  'in the form': ({ web }) => ({ form: posted(web) }),
  'in both': ({ web }) => ({ headers: basic(web), form: posted(web) }),
  'in the header, its id in the form as well': ({ web }) => ({
    headers: basic(web),
    form: { client_id: web.id },
  }),
  'in the header, another id in the form': ({ web, api }) => ({
    headers: basic(web),
    form: { client_id: api.id },
  }),
  'in the header, an empty secret in the form': ({ web }) => ({
    headers: basic(web),
    form: { client_secret: '' },
  }),
  'under a scheme in small letters': (side) => ({ headers: raw(whole(side), 'basic') }),
  'under a scheme in capitals': (side) => ({ headers: raw(whole(side), 'BASIC') }),
  'under another scheme': (side) => ({ headers: raw(whole(side), 'Bearer') }),
  'with two blanks': (side) => ({ headers: raw(whole(side), 'Basic ') }),
  'with something behind': (side) => ({ headers: { authorization: `${raw(whole(side)).authorization} x` } }),
  'without padding': (side) => ({
    headers: { authorization: raw(`${whole(side)}`).authorization.replace(/=+$/, '') },
  }),
  'with too much padding': (side) => ({ headers: { authorization: `${raw(whole(side)).authorization}=` } }),
  'in base64url': (side) => ({
    headers: { authorization: `Basic ${Buffer.from(`${whole(side)}\u00ff\u00ff`).toString('base64url')}` },
  }),
  'in letters that are no base64': () => ({ headers: { authorization: 'Basic %%%%' } }),
  'without a colon': ({ web }) => ({ headers: raw(web.id) }),
  'with nothing before the colon': ({ web }) => ({ headers: raw(`:${web.secret}`) }),
  'with nothing after the colon': ({ web }) => ({ headers: raw(`${web.id}:`) }),
  'with an empty header': () => ({ headers: { authorization: '' } }),
  'with percent signs': ({ web }) => ({ headers: raw(`${percent(web.id)}:${percent(web.secret)}`) }),
  'with percent signs that encode nothing': ({ web }) => ({ headers: raw(`${web.id}%:${web.secret}%zz`) }),
  'with a plus': ({ web }) => ({ headers: raw(`${web.id}+:${web.secret}`) }),
  'with a blank': ({ web }) => ({ headers: raw(`${web.id} :${web.secret}`) }),
  'with bytes that are not UTF-8': ({ web }) => ({
    headers: raw(Buffer.from([0xff, 0x3a, ...Buffer.from(web.secret)])),
  }),
  'with NUL': ({ web }) => ({ headers: raw(`${web.id}\0:${web.secret}`) }),
  'with a line break': ({ web }) => ({ headers: raw(`${web.id}:${web.secret}\r\n`) }),
  'with a colon in the secret': ({ web }) => ({ headers: raw(`${web.id}:${web.secret}:x`) }),
  'with a wrong secret': ({ web }) => ({ headers: raw(`${web.id}:wrong`) }),
  'with half a secret': ({ web }) => ({ headers: raw(`${web.id}:${web.secret.slice(0, 20)}`) }),
  'with another client’s secret': ({ web, api }) => ({ headers: raw(`${web.id}:${api.secret}`) }),
  'in the form with a wrong secret': ({ web }) => ({ form: { client_id: web.id, client_secret: 'wrong' } }),
  'in the form with an empty secret': ({ web }) => ({ form: { client_id: web.id, client_secret: '' } }),
  'in the form with NUL': ({ web }) => ({ form: { client_id: `${web.id}\0`, client_secret: web.secret } }),
  'by its id alone': ({ web }) => ({ form: { client_id: web.id } }),
  'as a client that does not exist': () => ({ headers: raw(`${unknownId()}:x`) }),
  'as __proto__': () => ({ headers: raw('__proto__:x') }),
  'as somebody with a very long name': () => ({ headers: raw(`${'x'.repeat(3000)}:x`) }),
  'in capitals': ({ web }) => ({ headers: raw(`${web.id.toUpperCase()}:${web.secret}`) }),
  'as a public client with a secret': ({ world }) => ({ headers: raw(`${world.protocol.clients.spa.id}:x`) }),
  'as a public client': ({ world }) => ({ form: { client_id: world.protocol.clients.spa.id } }),
  'as a client with a key': ({ world }) => ({ headers: raw(`${world.protocol.clients.robot.id}:x`) }),
  'not at all': () => ({}),
};

const questions: Readonly<Record<string, (side: Side) => Promise<[string, Record<string, string>]>>> = {
  refresh: async (side) => [
    '/token',
    { grant_type: 'refresh_token', refresh_token: (await side.session('web')).token },
  ],
  'client credentials': async () => ['/token', { grant_type: 'client_credentials', resource: orders }],
  introspection: async (side) => [
    '/introspection',
    { token: side.world.seal({ grantId: (await side.session()).id }) },
  ],
  revocation: async (side) => [
    '/revocation',
    { token: side.world.seal({ grantId: (await side.session()).id, clientId: side.web.id }) },
  ],
  'a pushed request': async (side) => ['/par', Object.fromEntries(pushedPairs(side))],
  'a device’s request': async () => ['/device/authorization', { scope: 'openid' }],
};

/** Every identification at every endpoint. */
export const clientAuthentication: readonly Case[] = Object.entries(questions).flatMap(([what, ask]) =>
  Object.entries(identifications).map(([how, identify]) => ({
    name: `${what} by a client that identifies itself ${how}`,
    run: async (side: Side) => {
      const [path, question] = await ask(side);
      const { form = {}, headers = {} } = identify(side);
      return side.post(path, { ...question, ...form }, headers);
    },
  })),
);
