import type { EndpointParts } from '../parts.js';
import type { Answer, ClientRequest } from '../request.js';

/** A way to get tokens: the parameters it reads beside those of the client, and what it answers. */
export interface GrantHandler {
  readonly parameters: readonly string[];
  /** The parameters that a request may repeat. */
  readonly repeatable: readonly string[];
  /** @throws Refused */
  readonly answer: (request: ClientRequest, parts: EndpointParts) => Promise<Answer>;
}
