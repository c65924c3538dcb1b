import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { RefreshContention } from '@curfew/sessions';
import { noteRefusal } from '@curfew/web';
import { routes } from '../routes.js';
import { answerJson, introspectionHeaders, tokenHeaders } from './answer.js';
import { authenticate } from './authenticate.js';
import { clientCredentialsLane } from './client-credentials-lane.js';
import { introspectionLane } from './introspection-lane.js';
import type { Lane, LaneParts } from './lane.js';
import { giveBack, looksPlain, type PlainForm, readBody, readForm } from './plain-form.js';
import { refreshLane } from './refresh-lane.js';

export { answeredInFastLane } from './answer.js';

/** Parameters that make a token request anything but plain. */
const longWay = ['client_assertion', 'client_assertion_type', 'authorization_details'] as const;

function laneFor(path: string, form: PlainForm, withProof: boolean): Lane | undefined {
  // RFC 9449: a proof changes what the answer is, and only a refresh reads it here.
  if (withProof && form['grant_type'] !== 'refresh_token') return undefined;
  if (longWay.some((name) => form[name] !== undefined)) return undefined;
  if (path === routes.introspection) return introspectionLane;
  switch (form['grant_type']) {
    case 'refresh_token':
      return refreshLane;
    case 'client_credentials':
      return clientCredentialsLane;
    default:
      return undefined;
  }
}

/**
 * Answers the plain requests of busy servers in front of the library, by the same engine; whatever is not plain, and
 * everything that goes wrong before something is written, goes on to the library. A differential test holds the two equal.
 */
export function fastLane(parts: LaneParts, library: RequestListener): RequestListener {
  return (request, response) => {
    const path = request.url ?? '';
    const isMine = path === routes.token || path === routes.introspection;
    if (!isMine || !looksPlain(request)) return library(request, response);
    void answer(request, response, path, parts, library);
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  parts: LaneParts,
  library: RequestListener,
): Promise<void> {
  const body = await readBody(request);
  if (!body) return;
  try {
    if (await answered(request, response, path, body, parts)) return;
  } catch (error) {
    return fail(response, path, error, parts);
  }
  giveBack(request, body);
  library(request, response);
}

async function answered(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  body: Buffer,
  parts: LaneParts,
): Promise<boolean> {
  const form = readForm(body);
  const { headers, socket } = request;
  const lane = form && laneFor(path, form, headers['dpop'] !== undefined);
  if (!form || !lane) return false;
  const signals = parts.signals.read({ socketAddress: socket.remoteAddress, headers });
  const client = await authenticate(parts.clients, headers.authorization, form);
  if (!client) return false;
  return lane({ form, client, now: parts.clock.now(), signals, request, response }, parts);
}

/** What the library's answers become when something fails (hooks/unavailable.ts), in the same words. */
function fail(response: ServerResponse, path: string, error: unknown, parts: LaneParts): void {
  parts.report(error, `answering ${path.slice(1)}`);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const exposed = path === routes.introspection ? introspectionHeaders : tokenHeaders;
  const isKnown = parts.isUnavailable(error) || error instanceof RefreshContention;
  noteRefusal(response, {
    error: isKnown ? 'temporarily_unavailable' : 'server_error',
    cause: isKnown ? 'unavailable' : 'internal_error',
  });
  const unavailable = {
    error: 'temporarily_unavailable',
    error_description: 'the service cannot answer right now; try again',
  };
  if (parts.isUnavailable(error)) {
    answerJson(response, 503, unavailable, exposed, { 'Retry-After': '2' });
  } else if (error instanceof RefreshContention) {
    answerJson(response, 503, { error: 'temporarily_unavailable' }, exposed, { 'Retry-After': '1' });
  } else {
    answerJson(
      response,
      500,
      { error: 'server_error', error_description: 'oops! something went wrong' },
      exposed,
    );
  }
}
