import { type IncomingMessage, maxHeaderSize } from 'node:http';
import { ProblemError, readBody } from '@curfew/web';

/** Half of what a request's line and headers may be together (431 beyond that): cookies and what browsers say take the rest. */
const maxLocationLength = maxHeaderSize / 2;

/** Neither endpoint asks for these, and an address is kept in histories and logs: a client that sends them by mistake does not see them there. */
const neverInAddresses = [
  'client_secret',
  'client_assertion',
  'access_token',
  'refresh_token',
  'code_verifier',
  'password',
] as const;

/**
 * OpenID Connect Core §3.1.2.1 and RP-Initiated Logout §2: these requests may come by POST. Such a one is answered by
 * sending the browser to the same request by GET, so that our cookies, which other sites' forms do not get
 * (SameSite=Lax), come along after all; and to whatever is asked there before anything happens.
 * @throws ProblemError 413, 415
 */
export async function redirectToGet(
  request: IncomingMessage,
  path: string,
  bodyBytes: number,
): Promise<string> {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/x-www-form-urlencoded')
    throw new ProblemError({ status: 415, code: 'unsupported_media_type', title: 'Send a form' });
  const body = await readBody(request, bodyBytes);
  if (!body) throw tooLarge();
  const form = new URLSearchParams(body.toString('utf8'));
  for (const name of neverInAddresses) form.delete(name);
  const location = `${path}?${form}`;
  if (location.length > maxLocationLength)
    throw tooLarge('It is too long for an address, which it has to become. Push it instead (RFC 9126).');
  return location;
}

const tooLarge = (detail?: string) =>
  new ProblemError({
    status: 413,
    code: 'content_too_large',
    title: 'The request is too large',
    // The rest of the body is not read, so the connection is closed after the response.
    headers: { Connection: 'close' },
    ...(detail === undefined ? {} : { detail }),
  });
