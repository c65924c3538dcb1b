import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { ProblemError, sendProblem } from '@curfew/web';
import { type ArgumentsHost, NotFoundException, ServiceUnavailableException } from '@nestjs/common';
import { ProblemFilter } from './problem.filter.js';

const unavailable = new Error('connect ECONNREFUSED 127.0.0.1:5432');

/** Answers `error` through the filter and reads back what would have left. */
function answered(error: unknown, { method = 'GET' } = {}) {
  const request = Object.assign(new IncomingMessage(new Socket()), { id: 'req-1', method });
  const response = new ServerResponse(request);
  let body = '';
  response.end = ((chunk?: Buffer) => {
    body = chunk?.toString() ?? '';
    return response;
  }) as typeof response.end;
  const logged: unknown[] = [];
  const host = { switchToHttp: () => ({ getRequest: () => request, getResponse: () => response }) };
  new ProblemFilter({
    isUnavailable: (thrown) => thrown === unavailable,
    onServerError: (thrown) => logged.push(thrown),
  }).catch(error, host as unknown as ArgumentsHost);
  return { status: response.statusCode, headers: response.getHeaders(), body, logged };
}

describe('ProblemFilter', () => {
  it('renders a stated problem with its code, title, detail and the request id', () => {
    const answer = answered(
      new ProblemError({
        status: 409,
        code: 'version_conflict',
        title: 'Changed meanwhile',
        detail: 'Read it again.',
        faults: [{ at: '/name', detail: 'must not be empty' }],
        headers: { ETag: '"3"' },
      }),
    );
    expect(answer.status).toBe(409);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      'x-request-id': 'req-1',
      etag: '"3"',
    });
    expect(JSON.parse(answer.body)).toEqual({
      type: 'urn:curfew:problem:version_conflict',
      title: 'Changed meanwhile',
      status: 409,
      detail: 'Read it again.',
      code: 'version_conflict',
      requestId: 'req-1',
      faults: [{ at: '/name', detail: 'must not be empty' }],
    });
    expect(answer.logged).toEqual([]);
  });

  it('never repeats what a framework says about the input', () => {
    const answer = answered(new NotFoundException('Cannot GET /<script>'));
    expect(answer.status).toBe(404);
    expect(answer.body).not.toContain('script');
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'not_found', title: 'Not Found' });
  });

  it.each([
    [413, 'content_too_large'],
    [415, 'unsupported_media_type'],
    [422, 'invalid_request'],
    [400, 'invalid_request'],
  ])("keeps the body parser's status %i as %s", (status, code) => {
    const answer = answered(Object.assign(new Error('unexpected token x in "secret"'), { status }));
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toMatchObject({ code, status });
    expect(answer.body).not.toContain('secret');
  });

  it('answers a lost database with 503 and Retry-After, and tells the log', () => {
    const answer = answered(unavailable);
    expect(answer.status).toBe(503);
    expect(answer.headers['retry-after']).toBe(2);
    expect(answer.body).not.toContain('ECONNREFUSED');
    expect(answer.logged).toEqual([unavailable]);
    expect(answered(new ServiceUnavailableException()).status).toBe(503);
  });

  it('does not take a client that goes away in the middle of its body for a lost database', () => {
    const gone = Object.assign(new Error('request aborted'), { status: 400, code: 'ECONNABORTED' });
    const answer = answered(gone);
    expect([answer.status, answer.logged]).toEqual([400, []]);
  });

  it.each([
    ['an error', new Error('column "secret" of relation')],
    ['an error with a status nobody knows', Object.assign(new Error('x'), { status: 799 })],
    ['an error with a server status', Object.assign(new Error('x'), { status: 502 })],
    ['a string', 'boom'],
    ['nothing', undefined],
  ])('answers %s with a 500 that tells nothing', (_, thrown) => {
    const answer = answered(thrown);
    expect(answer.status).toBe(500);
    expect(JSON.parse(answer.body)).toEqual({
      type: 'urn:curfew:problem:internal_error',
      title: 'Internal error',
      status: 500,
      code: 'internal_error',
      requestId: 'req-1',
    });
    expect(answer.logged).toEqual([thrown]);
  });

  it('sends no body to a HEAD request', () => {
    expect(answered(new NotFoundException(), { method: 'HEAD' }).body).toBe('');
  });
});

describe('sendProblem', () => {
  it('breaks off an answer that had begun instead of mixing two', () => {
    const response = new ServerResponse(new IncomingMessage(new Socket()));
    response.assignSocket(new Socket());
    response.writeHead(200);
    response.flushHeaders();
    sendProblem(response, new ProblemError({ status: 500, code: 'internal_error' }));
    expect(response.destroyed).toBe(true);
    expect(response.statusCode).toBe(200);
  });
});
