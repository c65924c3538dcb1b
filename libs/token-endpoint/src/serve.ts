import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Answer, type Challenge, write, writeFailure, writeRefusal } from './answer.js';
import type { EndpointParts } from './parts.js';
import { Refused } from './refused.js';
import { type EndpointRequest, formOf, readForm } from './request.js';

/** A request as it arrived at an endpoint. */
interface Arrived {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Path of the endpoint below the issuer. */
  readonly path: string;
}

/** An endpoint: its handling of a request, and its challenge. */
interface Endpoint {
  readonly work: (asked: EndpointRequest) => Promise<Answer | undefined>;
  readonly challenge: Challenge;
}

/** Reads a request, does the work, and writes its answer, the refusal, or the failure. */
export async function serve(
  { request, response, path }: Arrived,
  parts: EndpointParts,
  { work, challenge }: Endpoint,
): Promise<void> {
  const { headers, socket, method } = request;
  const signals = parts.signals.read({ socketAddress: socket.remoteAddress, headers });
  const asked: EndpointRequest = {
    request,
    response,
    path,
    now: parts.clock.now(),
    signals,
    form: {},
  };
  try {
    const form = method === 'POST' ? await readForm(request, path) : formOf(request.url);
    if (!form) return;
    asked.form = form;
    const answered = await work(asked);
    if (answered) write(asked, answered);
  } catch (error) {
    if (error instanceof Refused) writeRefusal(asked, error, parts, challenge);
    else writeFailure(asked, error, parts);
  }
}
