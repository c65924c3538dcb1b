import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Refusal, refusalBody } from '@curfew/resource-server';
import { type ForwardedFault, type ForwardedRules, readForwarded } from '../asked/forwarded.js';
import type { DecisionMaker } from '../decision.js';
import { identityHeaders } from '../identity-headers.js';

/** What each fault means to whoever configures the proxy; none repeats what was sent. */
const faultWords: { readonly [Fault in ForwardedFault]: string } = {
  untrusted_proxy: 'this address is not one of the configured proxies',
  not_stated: 'the headers that say which request is asked about are missing',
  stated_twice: 'a header that says which request is asked about came twice',
  contradictory: 'the headers that say which request is asked about contradict each other',
  target_malformed: 'the path is no URI path',
  path_ambiguous: 'the path may mean something else to the upstream',
  method_malformed: 'the method is none',
  host_malformed: 'the host is none',
  scheme_malformed: 'the scheme is neither http nor https',
};

/** Answers whether a proxy may let a request pass: 200 with identity headers, or the refusal to hand to the client. */
export async function answerForwardAuth(
  request: IncomingMessage,
  response: ServerResponse,
  target: string,
  rules: ForwardedRules,
  decisions: DecisionMaker,
): Promise<void> {
  const asked = readForwarded(request, target, rules);
  if (typeof asked === 'string') {
    const status = asked === 'not_stated' ? 400 : 403;
    answerRefusal(request, response, {
      status,
      error: 'invalid_request',
      description: faultWords[asked],
      headers: { 'Cache-Control': 'no-store' },
    });
    return;
  }
  const decision = await decisions.decide(asked, request);
  if (decision.kind === 'refused') {
    answerRefusal(request, response, decision.refusal);
    return;
  }
  response.writeHead(200, {
    ...identityHeaders(decision.facts),
    'Cache-Control': 'no-store',
    'Content-Length': 0,
  });
  response.end();
}

/** Writes a refusal as the whole answer. */
export function answerRefusal(request: IncomingMessage, response: ServerResponse, refusal: Refusal): void {
  const body = Buffer.from(refusalBody(refusal));
  response.writeHead(refusal.status, {
    ...refusal.headers,
    'Content-Type': 'application/json',
    'Content-Length': body.length,
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}
