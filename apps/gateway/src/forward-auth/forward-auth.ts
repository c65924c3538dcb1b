import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerRefusal, type Refusal, type TokenFacts } from '@curfew/resource-server';
import { askedFaultWords } from '@curfew/web';
import { type ForwardedFault, readForwarded, takesNoRedirect } from '../asked/forwarded.js';
import { isOwnPath } from '../browser/browser-client.js';
import { redirect } from '../browser/own-pages.js';
import { isHandshake } from '../browser/page-requests.js';
import { decideRequest } from '../browser/person-request.js';
import type { DecisionMaker } from '../decision.js';
import { identityHeaders } from '../identity-headers.js';
import { ownRefusal } from '../own-refusal.js';
import { certificateOf } from '../proxied-request.js';
import { withoutCookies } from '../proxy/outgoing-headers.js';
import type { GatewayRules } from '../routes/rules.js';
import { sessionHeaders } from '../session-headers.js';

/** A sentence about each fault for the person who configures the proxy; none repeats a value that was sent. */
export const faultWords: { readonly [Fault in ForwardedFault]: string } = {
  untrusted_proxy: 'this address is not one of the configured proxies',
  not_stated: 'the headers that say which request is asked about are missing',
  stated_twice: 'a header that says which request is asked about came twice',
  contradictory: 'the headers that say which request is asked about contradict each other',
  ...askedFaultWords,
};

/** The header of a 401 in which a proxy that takes no redirect finds the address to which it sends the person. */
const signInHeader = 'X-Curfew-Sign-In';

/** The sign-in leads to such a path; if the proxy asked about it, the person would go round in circles. */
const ownPathAsked: Refusal & { readonly description: string } = {
  status: 403,
  error: 'invalid_request',
  description: "the path is the gateway's own: the proxy must send it to the gateway, and not ask about it",
  headers: { 'Cache-Control': 'no-store' },
};

/** The dependencies of forward-auth. */
export interface ForwardAuthParts {
  readonly rules: GatewayRules;
  readonly decisions: DecisionMaker;
  readonly onFault: (fault: string, message: IncomingMessage) => void;
}

/**
 * Answers whether a proxy may let a request pass: 200 with identity headers, or the refusal to hand to the client. A person is led to the
 * sign-in on routes with a browser client; an answer of 200 has the `Cookie` header for the upstream, without the gateway's own cookies.
 * `target` is what follows the path of this endpoint.
 */
export async function answerForwardAuth(
  message: IncomingMessage,
  response: ServerResponse,
  target: string,
  { rules, decisions, onFault }: ForwardAuthParts,
): Promise<void> {
  const refuse = (refusal: Refusal) =>
    answerRefusal(response, ownRefusal(refusal, message, rules.forwarded.proxies));
  const asked = readForwarded(message, target, rules.forwarded);
  if (typeof asked === 'string') {
    onFault(faultWords[asked], message);
    refuse({
      status: 403,
      error: 'invalid_request',
      description: faultWords[asked],
      headers: { 'Cache-Control': 'no-store' },
    });
    return;
  }
  const browser = decisions.browserOf(asked, true);
  const left = browser && {
    Cookie: withoutCookies(message.headers.cookie, browser.ownCookies(message)) ?? '',
  };
  // The upstream answers it: an answer of success from here means to proxies that the request may pass.
  if (decisions.preflight(asked, message)) return answerYes(response, { ...left });
  if (browser && isOwnPath(asked.path)) {
    onFault(ownPathAsked.description, message);
    return refuse(ownPathAsked);
  }
  const asking = { message, certificate: certificateOf(message, rules) };
  const decision = await decideRequest(asked, asking, decisions, {
    isUpgrade: isHandshake(message),
    isAsked: true,
  });
  const cookies = decision.kind === 'redirect' ? decision.redirect.cookies : decision.cookies;
  if (cookies.length > 0) response.setHeader('Set-Cookie', [...cookies]);
  if (decision.kind === 'refused') return refuse(forProxies(decision.refusal));
  if (decision.kind === 'redirect') {
    const { location } = decision.redirect;
    if (!takesNoRedirect(message, rules.forwarded)) return redirect(response, location, cookies);
    response.setHeader(signInHeader, location);
    return refuse(decision.refusal);
  }
  const { facts, now } = decision.allowed;
  answerYes(response, { ...sessionHeaders(facts, now), ...left }, facts);
}

function answerYes(
  response: ServerResponse,
  more: Readonly<Record<string, string>>,
  facts: TokenFacts | null = null,
): void {
  response.writeHead(200, {
    'Cache-Control': 'no-store',
    'Content-Length': 0,
    ...identityHeaders(facts),
    ...more,
  });
  response.end();
}

/**
 * A refusal of a malformed request in a form that proxies pass on: ngx_http_auth_request_module accepts 401 and 403, and takes every
 * other status for a broken gateway.
 */
const forProxies = (refusal: Refusal): Refusal =>
  refusal.status === 400 ? Object.assign({ ...refusal }, { status: 401 as const }) : refusal;
