import type { IncomingMessage } from 'node:http';
import { ProblemError } from '@curfew/web';
import express, { type RequestHandler } from 'express';
import { isJson } from './input.js';

/** Reads the JSON of a request up to a bound, only as it stands: no inflating, no form posts from foreign pages. */
export const jsonBody = (limit: number): RequestHandler =>
  express.json({ limit, inflate: false, strict: true, type: isJson });

const overloaded = () =>
  new ProblemError({
    status: 503,
    code: 'overloaded',
    detail: 'Another large body is being worked on.',
    retryAfter: 5,
  });

/** Whether a request says that its body is within a bound; one that is sent in chunks does not say it. */
const isWithin = ({ headers }: IncomingMessage, bytes: number): boolean =>
  headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) <= bytes;

/**
 * Reads bodies beyond the usual bound, on the paths that take them. All other requests wait while such a body is parsed, so it is read only
 * for a caller with a live token, and one at a time, until it is answered.
 * @param requireLive throws unless the token of the request is live
 */
export function largeBodies(
  usualBytes: number,
  requireLive: (request: IncomingMessage) => Promise<void>,
): (maxBytes: number) => RequestHandler {
  let isOneHere = false;
  return (maxBytes) => {
    const read = jsonBody(Math.max(maxBytes, usualBytes));
    return async (request, response, next) => {
      if (!isJson(request) || isWithin(request, usualBytes)) return next();
      try {
        await requireLive(request);
        // The client may have gone meanwhile; nothing would tell that its turn is over.
        if (response.destroyed) return;
        if (isOneHere) throw overloaded();
      } catch (error) {
        return next(error);
      }
      isOneHere = true;
      response.once('close', () => {
        isOneHere = false;
      });
      read(request, response, next);
    };
  };
}
