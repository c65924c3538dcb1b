import type { GrantType } from '@curfew/clients';
import type { Answer } from './answer.js';
import { clientParameters } from './client/client-authentication.js';
import { authorizationCode } from './grants/authorization-code.js';
import { clientCredentials } from './grants/client-credentials.js';
import { deviceCode } from './grants/device-code.js';
import type { GrantHandler } from './grants/grant-type.js';
import { refreshToken } from './grants/refresh-token.js';
import { tokenExchange } from './grants/token-exchange.js';
import type { EndpointParts } from './parts.js';
import { invalidRequest, invalidScope, Refused } from './refused.js';
import { type ClientRequest, parameter, refuseRepeated, requireParameters } from './request.js';

const grants: Readonly<Record<GrantType, GrantHandler>> = {
  authorization_code: authorizationCode,
  refresh_token: refreshToken,
  client_credentials: clientCredentials,
  'urn:ietf:params:oauth:grant-type:device_code': deviceCode,
  'urn:ietf:params:oauth:grant-type:token-exchange': tokenExchange,
};

/** RFC 6749 §3.2: the token endpoint, for a client that has authenticated. @throws Refused */
export async function token(request: ClientRequest, parts: EndpointParts): Promise<Answer> {
  refuseRepeated(request, ['grant_type']);
  requireParameters(request, 'grant_type');
  const { handler, type } = grantOf(request);
  const { grant_types: allowed } = request.client.metadata;
  if (!allowed.some((one) => one === type))
    throw invalidRequest('requested grant type is not allowed for this client', 'grant_type_not_allowed');
  const known = [...handler.parameters, ...clientParameters];
  refuseRepeated(
    request,
    known.filter((name) => !handler.repeatable.includes(name)),
  );
  const scope = handler.parameters.includes('scope') ? parameter(request, 'scope') : undefined;
  if (scope !== undefined && !isScope.test(scope)) throw invalidScope('scope contains invalid characters');
  return handler.answer(request, parts);
}

/** RFC 6749 §3.3. */
const isScope = /^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/;

function grantOf(request: ClientRequest): { readonly handler: GrantHandler; readonly type: string } {
  const type = parameter(request, 'grant_type')!;
  if (!Object.hasOwn(grants, type))
    throw new Refused('unsupported_grant_type', 'grant_type_unsupported', {
      description: 'unsupported grant_type requested',
    });
  return { handler: grants[type as GrantType], type };
}
