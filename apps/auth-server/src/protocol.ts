import { createHash } from 'node:crypto';
import { BrowserSessionStore } from '@curfew/artifacts';
import { globalRevocationEndpoint } from '@curfew/config';
import { EndConfirmation, FeedNodeStore } from '@curfew/events';
import type { Foundation } from '@curfew/foundation';
import { Interactions, type ProtocolPages, ProtocolServer } from '@curfew/oidc';
import { isDatabaseUnavailable } from '@curfew/persistence';
import { seconds } from '@curfew/session-policy';
import { RateBuckets, RefreshThrottle } from '@curfew/token-endpoint';
import { ClientDirectory, outboundFetch, outboundTimeoutMs } from '@curfew/token-endpoint/client';
import { metadataMaxAge } from '@curfew/tokens';
import { basePathOf } from './base-path.js';
import { ClientDocuments } from './client-documents.js';

/** Throttles in the memory of this node, because counting in the database would cost as much as the requests they bound. */
function callerThrottles({ configuration: { throttles }, refreshTokens }: Foundation) {
  const limit = ({ count, window }: typeof throttles.refresh) => ({ count, window: seconds(window) });
  return {
    refreshThrottle: new RefreshThrottle(
      limit(throttles.refresh),
      (token) => refreshTokens.decode(token)?.sessionId,
    ),
    introspections: new RateBuckets(limit(throttles.introspection)),
    exchanges: new RateBuckets(limit(throttles.exchange)),
  };
}

/** The keys of cookies, and of DPoP nonces: these live for minutes, so the newest secret alone makes them. SHA-256 gives 32 bytes. */
const protocolKeys = ({ serviceKeys }: Foundation) => ({
  cookies: serviceKeys.derive('cookies').map(({ key }) => key.toString('base64url')),
  dpopNonce: createHash('sha256').update(serviceKeys.derive('dpop nonce')[0]!.key).digest(),
});

/** The reader of documents that introduce clients. One that cannot be read is told without what it says. */
const documentsOf = (foundation: Foundation): ClientDocuments => {
  const { registrationRules, clientHosts, log } = foundation;
  const allowInside = registrationRules.allowPrivateAddresses;
  const fetch = outboundFetch({ allowInside, timeoutMs: outboundTimeoutMs });
  return new ClientDocuments(foundation, clientHosts, fetch, (err, client) =>
    log.warn({ err, client }, 'a client document could not be read'),
  );
};

const directoryOf = (foundation: Foundation): ClientDirectory => {
  const { configuration, registry, throttle, clock, clientHosts } = foundation;
  const documents = clientHosts.isOn ? documentsOf(foundation) : undefined;
  return new ClientDirectory(registry, throttle, clock, configuration.throttles.client, documents);
};

/** oidc-provider around the session engine, with the stores of what it keeps beside sessions. */
export function assembleProtocol(foundation: Foundation, pages: ProtocolPages) {
  const {
    configuration,
    prisma,
    announcer,
    signIns,
    clock,
    accounts,
    consents,
    throttle,
    signals,
    sessions,
    queries,
    browserSessionEnds,
    timeoutReturns,
    accessTokens,
    artifacts,
    seal,
    keyStore,
    log,
  } = foundation;
  const stores = { sessions, browserSessions: new BrowserSessionStore(prisma, seal, signIns) };
  const clients = directoryOf(foundation);
  const server = new ProtocolServer(
    {
      issuer: configuration.issuer,
      basePath: basePathOf(configuration.issuer),
      clock,
      ...stores,
      queries,
      accessTokens,
      artifacts,
      browserSessionEnds,
      timeoutReturns,
      accounts,
      consents,
      clients,
      pages,
      signals,
      cookies: configuration.cookies,
      keys: protocolKeys(foundation),
      metadataMaxAge: metadataMaxAge(configuration.signingKeys.publishAhead),
      certificateHeader: configuration.proxy.clientCertificateHeader,
      allowInsideAddresses: foundation.registrationRules.allowPrivateAddresses,
      globalRevocation: globalRevocationEndpoint(configuration),
      clientDocuments: configuration.clientDocuments,
      advisesDevelopers: configuration.mode === 'development',
      throttle,
      confirmEnd: () => new EndConfirmation(new FeedNodeStore(prisma), announcer, clock).confirm(),
      ...callerThrottles(foundation),
      userCodeGuesses: configuration.throttles.userCode,
      isUnavailable: isDatabaseUnavailable,
      report: (err, subject) => log.error({ err }, subject),
    },
    keyStore.current(clock.now()),
  );
  const interactions = new Interactions(server, clients, consents, stores, configuration.cookies);
  return { server, interactions, clients };
}
