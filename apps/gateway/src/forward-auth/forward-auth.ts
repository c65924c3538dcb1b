import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerRefusal } from '@curfew/resource-server';
import { type ForwardedFault, readForwarded } from '../asked/forwarded.js';
import type { DecisionMaker } from '../decision.js';
import { identityHeaders } from '../identity-headers.js';
import { certificateOf } from '../proxied-request.js';
import type { GatewayRules } from '../routes/rules.js';
import { sessionHeaders } from '../session-headers.js';

/** What each fault means to whoever configures the proxy; none repeats what was sent. */
export const faultWords: { readonly [Fault in ForwardedFault]: string } = {
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

/**
 * Answers whether a proxy may let a request pass: 200 with identity headers, or the refusal to hand to the client.
 * `target` is what follows the path of this endpoint.
 */
export async function answerForwardAuth(
  message: IncomingMessage,
  response: ServerResponse,
  target: string,
  rules: GatewayRules,
  decisions: DecisionMaker,
): Promise<void> {
  const asked = readForwarded(message, target, rules.forwarded);
  if (typeof asked === 'string') {
    answerRefusal(response, {
      status: asked === 'not_stated' ? 400 : 403,
      error: 'invalid_request',
      description: faultWords[asked],
      headers: { 'Cache-Control': 'no-store' },
    });
    return;
  }
  const decision = await decisions.decide(asked, { message, certificate: certificateOf(message, rules) });
  if (decision.kind === 'refused') {
    answerRefusal(response, decision.refusal);
    return;
  }
  response.writeHead(200, {
    'Cache-Control': 'no-store',
    'Content-Length': 0,
    ...identityHeaders(decision.facts),
    ...sessionHeaders(decision.facts, decision.now),
  });
  response.end();
}
