import createClient from 'openapi-fetch';
import type { components, paths } from '../generated/admin-api.js';
import { isCatchingUp, noteAnswer } from './connection.js';
import { connectionLost, problemOf } from './problem.js';
import { noteClocks } from './session-clock.js';
import { causeOf, signInAgain } from './sign-in-again.js';

/** The schemas of the admin API that have a name. */
export type Schemas = components['schemas'];

/** Requests that nobody asked for with their own hands; they keep no session awake. */
export const passive = { headers: { 'X-Session-Activity': 'passive' } } as const;

/**
 * Sends a request with the cookie of this origin; no token is ever in a script. If a sign-in is missing, the person is asked for one,
 * and the same request is sent once more: nothing that was typed is lost.
 */
async function send(request: Request): Promise<Response> {
  if (isCatchingUp()) request.headers.set('X-Session-Activity', 'passive');
  const again = request.clone();
  const answer = await answerTo(request);
  const cause = request.headers.has('X-Session-Activity') ? undefined : causeOf(answer);
  if (!cause || !(await signInAgain(cause))) return answer;
  return answerTo(again);
}

/** The answer to one request; the lack of one is a problem of its own. */
async function answerTo(request: Request): Promise<Response> {
  const answer = await fetch(request).catch(() => undefined);
  noteAnswer(answer?.status);
  if (!answer) throw connectionLost(request.method);
  noteClocks(answer.headers);
  return answer;
}

/** The admin API, by the paths of its document. */
export const adminApi = createClient<paths>({ baseUrl: window.location.origin, fetch: send });

interface Answered<T> {
  readonly data?: T;
  readonly error?: unknown;
  readonly response: Response;
}

/** The body of an answer; throws the problem of a refusal. */
export async function bodyOf<T>(asked: Promise<Answered<T>>): Promise<T> {
  return (await answerOf(asked)).body;
}

/** The body of an answer with its entity tag, which a change is made from. */
export async function answerOf<T>(
  asked: Promise<Answered<T>>,
): Promise<{ readonly body: T; readonly etag: string | null }> {
  const { data, error, response } = await asked;
  if (!response.ok) throw problemOf(response.status, error, response.headers.get('X-Request-Id'));
  return { body: data as T, etag: response.headers.get('ETag') };
}
