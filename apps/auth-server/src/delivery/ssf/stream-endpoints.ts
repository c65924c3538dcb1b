import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '@curfew/clock';
import {
  type Receiver,
  ReceiverError,
  type ReceiverStatus,
  type Send,
  type SignJwt,
} from '@curfew/events/delivery';
import {
  pushHeaders,
  readSubject,
  type Streams,
  setAlgorithm,
  verificationEvent,
} from '@curfew/events/streams';
import { answerJson, malformedBody, ProblemError, readJson } from '@curfew/web';
import type { FollowerAuthentication, StreamScope } from '../../session-feed/follower-authentication.js';
import type { Polling } from './polling.js';
import { deliveryMethods, objectOf, readStream, streamView, textOf } from './stream-wish.js';

const maxBytes = 64 * 1024;
const malformedSubject =
  'subject must be a subject identifier (RFC 9493): iss_sub with iss and sub, email with email, or opaque with the id of a session';

/** The dependencies of the endpoints. */
export interface StreamEndpointsParts {
  readonly issuer: string;
  readonly streams: Streams;
  readonly authentication: FollowerAuthentication;
  readonly polling: Polling;
  readonly clock: Clock;
  readonly sign: SignJwt;
  readonly send: Send;
  readonly timeoutMs: number;
  /** The header that was registered with a stream that is pushed to. */
  readonly authorizationOf: (stream: Receiver) => Promise<string | undefined>;
  /** Keeps a token for the next question of a stream that is polled. */
  readonly keep: (stream: Receiver, jti: string, token: string) => Promise<void>;
}

/** The transmitter of OpenID Shared Signals 1.0: stream management, status, verification and polling. */
export class StreamEndpoints {
  constructor(private readonly parts: StreamEndpointsParts) {}

  /** SSF 1.0 §7.1. */
  async metadata({ method }: IncomingMessage, response: ServerResponse): Promise<void> {
    if (method !== 'GET' && method !== 'HEAD') throw notAllowed('GET, HEAD');
    const { issuer } = this.parts;
    answerJson(response, {
      spec_version: '1_0',
      issuer,
      jwks_uri: `${issuer}/jwks`,
      delivery_methods_supported: Object.values(deliveryMethods),
      configuration_endpoint: `${issuer}/ssf/streams`,
      status_endpoint: `${issuer}/ssf/status`,
      add_subject_endpoint: `${issuer}/ssf/subjects/add`,
      remove_subject_endpoint: `${issuer}/ssf/subjects/remove`,
      verification_endpoint: `${issuer}/ssf/verification`,
      default_subjects: 'ALL',
      // An access token of the client's own (client_credentials), or its secret.
      authorization_schemes: [{ spec_urn: 'urn:ietf:rfc:6749' }, { spec_urn: 'urn:ietf:rfc:7617' }],
    });
  }

  /** SSF 1.0 §8.1.1: the one stream of the caller. */
  async configuration(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { streams, issuer } = this.parts;
    const caller = await this.#caller(request, request.method === 'GET' ? 'ssf.read' : 'ssf.manage');
    switch (request.method) {
      case 'POST': {
        const { wish, authorization } = readStream(await readJson(request, maxBytes), null);
        const made = await asProblem(streams.create(caller, wish, authorization));
        return answerJson(response, streamView(made, issuer), 201);
      }
      case 'GET':
        return answerJson(response, await this.#read(caller, request));
      case 'PATCH':
      case 'PUT': {
        const body = objectOf(await readJson(request, maxBytes));
        const stream = await this.#stream(caller, request, body['stream_id']);
        const { wish } = readStream(body, stream);
        return answerJson(
          response,
          streamView(await asProblem(streams.change(stream, caller, wish)), issuer),
        );
      }
      case 'DELETE':
        await streams.remove(await this.#stream(caller, request));
        return void response.writeHead(204).end();
      default:
        throw notAllowed('GET, POST, PATCH, PUT, DELETE');
    }
  }

  /** SSF 1.0 §8.1.2. */
  async status(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const caller = await this.#caller(request, request.method === 'GET' ? 'ssf.read' : 'ssf.manage');
    if (request.method === 'POST') {
      const body = objectOf(await readJson(request, maxBytes));
      const stream = await this.#stream(caller, request, body['stream_id']);
      const { status } = body;
      if (status !== 'enabled' && status !== 'paused' && status !== 'disabled')
        throw malformedBody('status must be enabled, paused or disabled');
      await asProblem(
        this.parts.streams.setStatus(stream, status as ReceiverStatus, textOf(body, 'reason', 200)),
      );
    } else if (request.method !== 'GET') throw notAllowed('GET, POST');
    const { id, status, statusReason } = await this.#stream(caller, request);
    answerJson(response, { stream_id: id, status, ...(statusReason ? { reason: statusReason } : {}) });
  }

  /** SSF 1.0 §8.1.3.2: everybody is told of from the start, so this only brings back whom the receiver had left out. */
  async addSubject(request: IncomingMessage, response: ServerResponse): Promise<void> {
    await this.#setSubject(request, true);
    response.writeHead(200, { 'Cache-Control': 'no-store' }).end();
  }

  /** SSF 1.0 §8.1.3.3: from now on nothing is told of this subject. */
  async removeSubject(request: IncomingMessage, response: ServerResponse): Promise<void> {
    await this.#setSubject(request, false);
    response.writeHead(204, { 'Cache-Control': 'no-store' }).end();
  }

  async #setSubject(request: IncomingMessage, told: boolean): Promise<void> {
    if (request.method !== 'POST') throw notAllowed('POST');
    const caller = await this.#caller(request, 'ssf.manage');
    const body = objectOf(await readJson(request, maxBytes));
    const stream = await this.#stream(caller, request, body['stream_id']);
    const subject = readSubject(body['subject'], this.parts.issuer);
    if (!subject) throw malformedBody(malformedSubject);
    await asProblem(this.parts.streams.setSubject(stream, subject, told));
  }

  /** SSF 1.0 §8.1.1.2: the stream that is named, or a list of all the caller has. */
  async #read(caller: string, request: IncomingMessage): Promise<object> {
    const { streams, issuer } = this.parts;
    if (new URL(request.url ?? '/', issuer).searchParams.has('stream_id'))
      return streamView(await this.#stream(caller, request), issuer);
    const stream = await streams.of(caller);
    return stream ? [streamView(stream, issuer)] : [];
  }

  /** SSF 1.0 §8.1.4: a token that shows that the stream works, with the caller's `state`. */
  async verification(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { issuer, streams, clock, sign, keep } = this.parts;
    if (request.method !== 'POST') throw notAllowed('POST');
    const caller = await this.#caller(request, 'ssf.manage');
    const body = objectOf(await readJson(request, maxBytes));
    const stream = await this.#stream(caller, request, body['stream_id']);
    const state = textOf(body, 'state', 1024);
    const jti = streams.newTokenId();
    const token = await sign('secevent+jwt', setAlgorithm, {
      iss: issuer,
      aud: stream.settings['aud'],
      iat: Math.floor(clock.now() / 1000),
      jti,
      txn: jti,
      sub_id: { format: 'opaque', id: stream.id },
      events: { [verificationEvent]: state === null ? {} : { state } },
    });
    if (stream.kind === 'set_poll') await keep(stream, jti, token);
    response.writeHead(204).end();
    if (stream.kind === 'set_push' && stream.status === 'enabled') await this.#push(stream, token);
  }

  /** RFC 8936 §2.4. */
  async poll(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'POST') throw notAllowed('POST');
    const caller = await this.#caller(request, 'ssf.read');
    const stream = (await this.parts.streams.of(caller)) ?? missing();
    if (stream.kind !== 'set_poll') throw missing();
    const body = await readJson(request, maxBytes);
    answerJson(response, await this.parts.polling.answer(stream, body, () => response.closed));
  }

  /** Whether it arrives is for the receiver to see: that is what it asked for. */
  async #push(stream: Receiver, body: string): Promise<void> {
    const { send, timeoutMs, authorizationOf } = this.parts;
    const authorization = await authorizationOf(stream);
    const headers = { ...pushHeaders, ...(authorization && { authorization }) };
    const signal = AbortSignal.timeout(timeoutMs);
    await send(stream.address!, { method: 'POST', headers, body, signal }).then(
      (sent) => sent.body?.cancel(),
      () => {},
    );
  }

  async #caller(request: IncomingMessage, wanted: StreamScope): Promise<string> {
    return (await this.parts.authentication.of(request, wanted)).id;
  }

  /** The caller's stream; a `stream_id`, where one is given, must name it. */
  async #stream(caller: string, request: IncomingMessage, named?: unknown): Promise<Receiver> {
    const asked = named ?? new URL(request.url ?? '/', this.parts.issuer).searchParams.get('stream_id');
    const stream = await this.parts.streams.of(caller);
    if (!stream || (asked !== null && asked !== undefined && asked !== stream.id)) throw missing();
    return stream;
  }
}

const asProblem = <T>(work: Promise<T>): Promise<T> =>
  work.catch((error: unknown) => {
    if (!(error instanceof ReceiverError)) throw error;
    if (error.code === 'changed_meanwhile')
      throw new ProblemError({ status: 409, code: 'stream_conflict', title: error.message });
    if (error.code === 'unknown_subject')
      throw new ProblemError({ status: 404, code: error.code, title: error.message });
    throw malformedBody(error.message);
  });

function missing(): never {
  throw new ProblemError({ status: 404, code: 'unknown_stream', title: 'There is no such stream' });
}

const notAllowed = (allow: string) =>
  new ProblemError({
    status: 405,
    code: 'method_not_allowed',
    title: `Only ${allow} is answered here`,
    headers: { Allow: allow },
  });
