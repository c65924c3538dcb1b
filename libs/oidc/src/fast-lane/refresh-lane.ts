import { isSenderConstrained, type KnownClient } from '@curfew/clients';
import { accessTokenLifetime } from '@curfew/session-policy';
import {
  type OpenedRefreshToken,
  ProofUsedBefore,
  type RefusedRefresh,
  type StagedRefresh,
} from '@curfew/sessions';
import { noteRefusal } from '@curfew/web';
import { registeredScopes, scopesAt } from '../client-scopes.js';
import { stepUpChallenge } from '../hooks/refresh-hook.js';
import { causeOfRefusedRefresh } from '../refusals/cause-of.js';
import { type Authorization, grantedOpenid, scopesOf } from '../session-payload.js';
import { proofRecord } from '../storage/replay-records.js';
import { sealAccessToken, within } from './access-token.js';
import { answerJson, offerNonce, tokenHeaders } from './answer.js';
import type { PlainProof } from './dpop-proofs.js';
import { signIdToken } from './id-token.js';
import type { Lane, LaneParts, PlainRequest } from './lane.js';
import { keepOpened } from './opened-token.js';

/** What the access token will be for. */
interface Grantable {
  readonly scope: string;
  readonly audience: string | undefined;
  readonly withIdToken: boolean;
}

/**
 * RFC 6749 §6 for the plain case: one API or none, no claims of a person in the answer, no proof or one that is plainly right. The
 * same decision, the same staging and the same commit as through the library; one read, one write.
 */
export const refreshLane: Lane = async (request, parts) => {
  const { form, client, now, signals } = request;
  if (form['refresh_token'] === undefined || form['resource'] !== undefined) return false;
  if (!isPlainClient(client) || parts.certificateHeader) return false;
  const shown = request.request.headers['dpop'];
  const proof = shown === undefined ? undefined : parts.proofs.read(shown, now);
  if (proof ? wantsCertificate(client) : shown !== undefined || isSenderConstrained(client)) return false;
  offerNonce(request.response, proof?.nextNonce);
  const presented = { clientId: client.id, network: signals.prefix, token: form['refresh_token'] };
  // Who must wait is told so over there.
  if (parts.refreshThrottle.wait(presented, now) !== null) return false;
  const opened = await parts.sessions.openRefreshToken(presented.token);
  if (!opened) return false;
  const isPlain = opened.session.clientId === client.id && keyFits(opened, proof);
  const grantable = isPlain ? await whatFor(request, opened, parts) : undefined;
  const isAnswered = grantable && (await answered({ opened, proof, ...request }, grantable, parts));
  if (!isAnswered) keepOpened(request.request, presented.token, opened);
  return isAnswered ?? false;
};

/** A plain request for the successor of a token that was found. */
interface PlainRefresh extends PlainRequest {
  readonly opened: OpenedRefreshToken;
  readonly proof: PlainProof | undefined;
}

const isPlainClient = ({ metadata }: KnownClient): boolean =>
  metadata.grant_types.includes('refresh_token') && metadata.default_max_age === undefined;

const wantsCertificate = ({ metadata }: KnownClient): boolean =>
  metadata.tls_client_certificate_bound_access_tokens === true;

/** RFC 9449 §5: whether the session is bound to no key, or to that of the proof. Other bindings are looked into over there. */
function keyFits({ session }: OpenedRefreshToken, proof: PlainProof | undefined): boolean {
  const { jkt, 'x5t#S256': certificate } = session.authorization as unknown as Authorization;
  if (certificate !== undefined || session.keyThumbprint !== (jkt ?? null)) return false;
  return jkt === undefined || jkt === proof?.thumbprint;
}

async function answered(request: PlainRefresh, grantable: Grantable, parts: LaneParts): Promise<boolean> {
  const { client, now, opened, proof, signals } = request;
  const presenter = { clientId: client.id, keyThumbprint: opened.session.keyThumbprint, signals };
  if (!proof) {
    const outcome = await parts.sessions.present(opened, presenter, now);
    if (outcome.kind === 'refused') return refuse(request, outcome.decision, opened.session, parts);
    return grant(request, outcome.staged, grantable, parts);
  }
  // Retries and refusals go to the library, which records the proof before it lets the domain decide (RFC 9449 §11.1).
  const record = proofRecord(client.id, proof.jti, now);
  const staged = await parts.sessions.stageProven(opened, presenter, record, now);
  try {
    return staged ? await grant(request, staged, grantable, parts) : false;
  } catch (error) {
    // Nothing has been changed; whoever shows a proof twice is refused over there.
    if (error instanceof ProofUsedBefore) return false;
    throw error;
  }
}

/** What this token may be exchanged for, or undefined where the library has to look into it. */
async function whatFor(
  { form, client }: PlainRequest,
  { session }: OpenedRefreshToken,
  { clients }: LaneParts,
): Promise<Grantable | undefined> {
  const authorized = session.authorization as unknown as Authorization;
  const { grant, resource: audience, claims } = authorized;
  if (isSomethingRejected(grant.rejected) || claims !== undefined || Array.isArray(audience))
    return undefined;
  const asked = askedFor(form['scope'], registeredScopes(client, scopesOf(authorized.scope)));
  if (!asked) return undefined;
  const openid = grantedOpenid(grant, client);
  const withIdToken = asked.includes('openid');
  if (withIdToken && !openid.includes('openid')) return undefined;
  if (typeof audience !== 'string') {
    return { scope: within(openid, new Set(asked)).join(' '), audience: undefined, withIdToken };
  }
  // An ID token beside an API's access token carries the person's claims, which are read through the library.
  if (withIdToken && asked.some((scope) => scope === 'email' || scope === 'profile')) return undefined;
  const resource = await clients.resource(audience);
  if (resource?.tokenFormat !== 'opaque' || !client.metadata.resources.includes(audience)) return undefined;
  const granted = scopesOf((grant.resources as Record<string, string> | undefined)?.[audience]);
  const known = new Set(within(asked, new Set(scopesAt(resource, client))));
  return { scope: within(granted, known).join(' '), audience: resource.audience, withIdToken };
}

/** All that was authorized, or the plain part of it that a request names; undefined for everything else. */
function askedFor(scope: string | undefined, authorized: readonly string[]): readonly string[] | undefined {
  if (authorized.length === 0) return undefined;
  if (scope === undefined) return authorized;
  const asked = scopesOf(scope);
  const isPlain = asked.join(' ') === scope && new Set(asked).size === asked.length;
  return isPlain && asked.every((one) => authorized.includes(one)) ? asked : undefined;
}

/** A grant always has the member; what matters is whether a person left something out. */
const isSomethingRejected = (rejected: unknown): boolean =>
  rejected !== undefined && JSON.stringify(rejected) !== '{}';

async function grant(
  request: PlainRefresh,
  staged: StagedRefresh,
  what: Grantable,
  parts: LaneParts,
): Promise<boolean> {
  const { client, now, proof, response } = request;
  const { session, policy } = staged;
  const { gty, nonce } = session.authorization as unknown as Authorization;
  const lifetime = accessTokenLifetime(session, policy, Math.random(), now);
  const claims = {
    kind: 'AccessToken',
    grantId: session.id,
    clientId: client.id,
    aud: what.audience,
    scope: what.scope,
    // RFC 9449 §6: by whoever asked with a proof, the access token is used with that key only.
    ...(proof && { jkt: proof.thumbprint }),
    gty: gty === undefined || gty.endsWith('refresh_token') ? gty : `${gty} refresh_token`,
  };
  const accessToken = sealAccessToken(parts.accessTokens, claims, lifetime, now);
  const facts = {
    issuer: parts.issuer,
    sub: session.accountId,
    nonce,
    sid: sidOf(session.authorization),
    now,
  };
  const idToken = what.withIdToken ? await signIdToken(parts.signingKeys(), client, facts) : undefined;
  // No key for this client's algorithm: nothing has been written, so the library may find that out again and say so.
  if (what.withIdToken && idToken === undefined) return false;
  const committed = await staged.commit();
  if (committed.kind === 'refused') return refuse(request, committed.decision, session, parts);
  const body = {
    access_token: accessToken,
    expires_in: lifetime,
    id_token: idToken,
    refresh_token: committed.refreshToken,
    scope: what.scope,
    token_type: proof ? 'DPoP' : 'Bearer',
  };
  answerJson(response, 200, body, tokenHeaders);
  return true;
}

const sidOf = (authorization: Readonly<Record<string, unknown>>): string | undefined =>
  (authorization as { sid?: string }).sid;

/** Every end looks the same from outside; only a step-up tells the client what to do (RFC 9470). */
function refuse(
  request: PlainRequest,
  decision: RefusedRefresh,
  { ended }: StagedRefresh['session'],
  { refreshThrottle }: LaneParts,
): true {
  const { client, form, now, response, signals } = request;
  if (decision.kind !== 'step_up') {
    const presented = { clientId: client.id, network: signals.prefix, token: form['refresh_token']! };
    refreshThrottle.count(presented, ended !== null, now);
  }
  const error = decision.kind === 'step_up' ? stepUpChallenge.error : 'invalid_grant';
  noteRefusal(response, { error, clientId: client.id, ...causeOfRefusedRefresh(decision) });
  const body =
    decision.kind === 'step_up'
      ? {
          error: stepUpChallenge.error,
          error_description: 'the person must authenticate again',
          max_age: stepUpChallenge.max_age,
        }
      : { error: 'invalid_grant', error_description: 'grant request is invalid' };
  answerJson(response, 400, body, tokenHeaders);
  return true;
}
