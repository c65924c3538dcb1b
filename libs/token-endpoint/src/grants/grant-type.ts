import type { Answer } from '../answer.js';
import type { EndpointParts } from '../parts.js';
import type { ClientRequest } from '../request.js';

/** A way to get tokens: the parameters it reads beside those of the client, and what it answers. */
export interface GrantHandler {
  readonly parameters: readonly string[];
  /** Of its parameters, those that may stand in a request more than once. */
  readonly repeatable: readonly string[];
  /** @throws Refused */
  readonly answer: (request: ClientRequest, parts: EndpointParts) => Promise<Answer>;
}
