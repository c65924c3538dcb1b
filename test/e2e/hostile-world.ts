import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { ProtocolWorld } from './protocol-world.js';

/** The word in hostile requests, by which they are recognised if they come out in a wrong place. */
export const marker = 'zq7marker';

/** An answer as it came over the wire. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
}

/** The responses on one connection, in order, and whether the server ended it. */
export interface WireExchange {
  readonly answers: readonly WireAnswer[];
  readonly closed: boolean;
  readonly raw: string;
}

/** Writes bytes to the server as they are and listens for so long. */
export async function overTheWire(
  { server }: ProtocolWorld,
  bytes: string | Buffer,
  milliseconds = 1_500,
): Promise<WireExchange> {
  const socket = net.connect(server.port, '127.0.0.1');
  let raw = '';
  let heard = () => {};
  socket.setEncoding('latin1').on('data', (text: string) => {
    raw += text;
    heard();
  });
  socket.on('error', () => {});
  let isClosed = false;
  const closed = new Promise<void>((resolve) =>
    socket.once('close', () => {
      isClosed = true;
      resolve();
    }),
  );
  socket.write(bytes);
  // The rest comes soon after the beginning, and so does a second response to a request that was smuggled in, too.
  const quiet = new Promise<void>((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    heard = () => {
      clearTimeout(timer);
      timer = setTimeout(resolve, 300);
    };
  });
  await Promise.race([closed, quiet, pause(milliseconds)]);
  const exchange = { answers: answersIn(raw), closed: isClosed, raw };
  socket.destroy();
  return exchange;
}

/** Answers one after the other, each with its Content-Length (RFC 9112 §6). */
function answersIn(raw: string): readonly WireAnswer[] {
  const answers: WireAnswer[] = [];
  let rest = raw;
  for (;;) {
    const [head] = /^HTTP\/1\.[01] (\d{3})[^\r]*\r\n(?:[^\r\n]+\r\n)*\r\n/.exec(rest) ?? [];
    if (head === undefined) return answers;
    const headers = new Map(
      [...head.matchAll(/^([^:\r\n]+): ?([^\r\n]*)\r$/gm)].map(([, name, value]) => [
        name!.toLowerCase(),
        value!,
      ]),
    );
    const length = Number(headers.get('content-length') ?? 0);
    answers.push({
      status: Number(head.slice(9, 12)),
      headers,
      text: rest.slice(head.length, head.length + length),
    });
    rest = rest.slice(head.length + length);
  }
}

/** OAuth error codes that the standards behind the endpoints know. */
const oauthErrors = new Set([
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'invalid_scope',
  'invalid_target',
  'invalid_token',
  'insufficient_scope',
  'invalid_request_uri',
  'invalid_dpop_proof',
  'use_dpop_nonce',
  'unauthorized_client',
  'unsupported_grant_type',
  'unsupported_token_type',
  'unsupported_response_type',
  'unsupported_response_mode',
  'access_denied',
  'authorization_pending',
  'slow_down',
  'expired_token',
  'temporarily_unavailable',
  'request_not_supported',
  'request_uri_not_supported',
  'registration_not_supported',
]);

/** A stack, a folder, or the words of the database: nothing of that is anybody's business. Codes stand alone; digits of an id are none. */
const insides = /\n\s+at [^<]*:\d+:\d+|node_modules|Prisma|SQLSTATE|\b(22P05|22021)\b/;

/** The faults of a refusal of the gateway's own, which stands for the application and speaks its own words. */
export const faultsOfProxy = ({ status, text }: WireAnswer): string[] => [
  ...(status < 500 ? [] : [`is a ${status}`]),
  ...(insides.test(text) ? ['shows its insides'] : []),
  ...(text.includes(marker) ? ['repeats what was sent'] : []),
];

/** Everything that is wrong with an answer to a hostile request, in words; empty when it is as it should be. */
export function faultsOf(answer: {
  status: number;
  headers: ReadonlyMap<string, string>;
  text: string;
}): string[] {
  const { status, headers, text } = answer;
  const type = headers.get('content-type') ?? '';
  const faults: string[] = [];
  const must = (holds: boolean, what: string) => {
    if (!holds) faults.push(what);
  };
  must(status < 500, `is a ${status}`);
  must(!insides.test(text), 'shows its insides');
  must(headers.has('x-request-id'), 'has no request id');
  must(headers.get('x-content-type-options') === 'nosniff', 'may be sniffed');
  if (status >= 400 && text !== '') {
    must(/^(application\/((problem|scim)\+)?json|text\/html)/.test(type), `is an error of type ${type}`);
    must(!text.includes(marker) || type.startsWith('text/html'), 'repeats what was sent');
  }
  if (type.startsWith('text/html')) {
    faults.push(...markupFaults(text));
    must(/frame-ancestors 'none'/.test(headers.get('content-security-policy') ?? ''), 'may be framed');
    must(/no-store/.test(headers.get('cache-control') ?? ''), 'may be cached');
  }
  if (text === '') return faults;
  if (type.startsWith('application/problem+json')) faults.push(...faultsOfProblem(status, JSON.parse(text)));
  else if (type.startsWith('application/json') && status >= 400)
    faults.push(...faultsOfError(JSON.parse(text)));
  return faults;
}

function faultsOfProblem(status: number, problem: Record<string, unknown>): string[] {
  const isWhole = typeof problem['type'] === 'string' && typeof problem['title'] === 'string';
  return isWhole && problem['status'] === status ? [] : ['is no problem in the sense of RFC 9457'];
}

function faultsOfError({ error, error_description = '' }: Record<string, unknown>): string[] {
  const isKnown = typeof error === 'string' && oauthErrors.has(error);
  // RFC 6749 §5.2 and RFC 6750 §3 name the characters.
  const isDescribed =
    typeof error_description === 'string' && /^[\x20-\x21\x23-\x5b\x5d-\x7e]*$/.test(error_description);
  return [
    ...(isKnown ? [] : [`says ${error}`]),
    ...(isDescribed ? [] : ['describes itself in forbidden characters']),
  ];
}

const rawText = /<(script|style)\b[^>]*>([\s\S]*?)<\/\1>/gi;
/** A whole tag with well-formed attributes, a comment or the doctype (HTML Living Standard §13.1.2). */
const markup =
  /<!doctype[^>]*>|<!--[\s\S]*?-->|<\/?([a-z][a-z0-9-]*)((?:\s+[^\s"'<>/=]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'=<>`]+))?)*)\s*\/?>/gi;
const attribute = /([^\s"'<>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+)))?/g;
const leadsSomewhere = new Set(['href', 'src', 'action', 'formaction', 'poster', 'data']);

/**
 * The places of a page in which the marker has become more than text: part of a tag, of a script or a comment, or an address that runs. As text, and as
 * the quoted value of an attribute, it is what was sent and nothing else.
 */
export function markupFaults(page: string): string[] {
  const faults: string[] = [];
  const isMarked = (text: string): boolean => text.toLowerCase().includes(marker);
  const withoutRaw = page.replaceAll(rawText, (_whole, name: string, inside: string) => {
    if (isMarked(inside)) faults.push(`lets what was sent into a ${name.toLowerCase()}`);
    return '';
  });
  const text = withoutRaw.replaceAll(markup, (whole, tag: string | undefined, attributes = '') => {
    if (tag === undefined || isMarked(tag)) {
      if (isMarked(whole)) faults.push('lets what was sent become markup');
      return '';
    }
    for (const [, name = '', double, single, bare] of (attributes as string).matchAll(attribute)) {
      const value = double ?? single ?? bare ?? '';
      if (isMarked(name) || (bare !== undefined && isMarked(bare)))
        faults.push('lets what was sent become an attribute');
      if (isMarked(value) && /^on/i.test(name)) faults.push('lets what was sent become a script');
      if (
        isMarked(value) &&
        leadsSomewhere.has(name.toLowerCase()) &&
        /^\s*(javascript|data|vbscript):/i.test(value)
      )
        faults.push('lets what was sent become an address that runs');
    }
    return '';
  });
  if (text.includes('<')) faults.push('has a sign of markup that belongs to no tag');
  return faults;
}
