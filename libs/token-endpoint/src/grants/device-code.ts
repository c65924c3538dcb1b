import { throttleKey } from '@curfew/accounts';
import { seconds } from '@curfew/session-policy';
import { pollingInterval } from '../lifetimes.js';
import type { EndpointParts } from '../parts.js';
import { requiredCertificate, requireProof } from '../proof/proof.js';
import { invalidGrant, Refused } from '../refused.js';
import { type ClientRequest, parameter, requireParameters } from '../request.js';
import { type FoundCode, findCode, grantOf, isOver } from './code.js';
import type { GrantHandler } from './grant-type.js';
import { refuseUsedCode, startSession } from './session-start.js';

/** RFC 8628 §3.4: a device asks again and again, until the person has answered for it. */
export const deviceCode: GrantHandler = {
  parameters: ['device_code', 'resource'],
  repeatable: ['resource'],
  answer: async (request, parts) => {
    requireParameters(request, 'device_code');
    const proof = await parts.proofs.read(request);
    const key = { kind: 'DeviceCode', id: parameter(request, 'device_code')! };
    const found = await findCode(key, request, parts);
    const certificate = requiredCertificate(request, request.client, parts);
    requireProof(proof, request.client);
    if (isOver(found.code.exp, request.now))
      throw new Refused('expired_token', 'code_expired', { description: 'device code is expired' });
    await refusePending(found, parts);
    await refuseUsedCode(found, request, parts);
    await refuseDeclined(found, request, parts);
    const grant = grantOf(found, request);
    return startSession({ request, found, grant, proof, certificate, gty: 'device_code' }, parts);
  },
};

const pending =
  "authorization request is still pending as the end-user hasn't yet completed the user interaction steps";

/** RFC 8628 §3.5: a device that polls faster than its interval is told to slow down, and must wait 5 seconds longer from then on. */
async function refusePending({ key, code }: FoundCode, { throttle }: EndpointParts): Promise<void> {
  if (code.accountId !== undefined || code.error !== undefined) return;
  const counted = throttleKey('device-poll', key.id);
  const verdict = await throttle.take(counted, { count: 1, window: seconds(pollingInterval) });
  if (verdict.allowed)
    throw new Refused('authorization_pending', 'authorization_pending', { description: pending });
  await throttle.mark(counted, seconds(pollingInterval * 2));
  throw new Refused('slow_down', 'polling_too_fast', {
    description: 'wait 5 seconds longer between polls',
  });
}

/** The person said no: the code is used up, and the device is told once. */
async function refuseDeclined(
  { key, code }: FoundCode,
  { now }: ClientRequest,
  { artifacts }: EndpointParts,
): Promise<void> {
  if (code.error === undefined) return;
  if (code.grantId === undefined && !(await artifacts.consume(key, now))) throw invalidGrant('code_used');
  throw new Refused(code.error, 'access_denied', { description: code.errorDescription });
}
