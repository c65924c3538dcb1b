import type { RequestListener } from 'node:http';
import { ReceiversStore } from '@curfew/events/delivery';
import { PollStore, Streams } from '@curfew/events/streams';
import type { Foundation } from '@curfew/foundation';
import { type ProtocolServer } from '@curfew/oidc';
import { type ClientDirectory, outboundFetch } from '@curfew/token-endpoint/client';
import { endpointListener, type Serve } from '../../endpoint-listener.js';
import { FollowerAuthentication } from '../../session-feed/follower-authentication.js';
import { signWith } from '../sign-with.js';
import { Polling } from './polling.js';
import { StreamEndpoints } from './stream-endpoints.js';

/** The listeners of the Shared Signals transmitter, by path below the issuer. */
export function serveStreams(
  {
    configuration,
    prisma,
    clock,
    receiverSeal: seal,
    receiverAddressFault,
    signals,
    accounts,
    queries,
    keyStore,
    log,
  }: Foundation,
  { server, clients }: { readonly server: ProtocolServer; readonly clients: ClientDirectory },
): ReadonlyMap<string, RequestListener> {
  const { issuer, delivery } = configuration;
  const store = new ReceiversStore(prisma);
  const sign = signWith(keyStore, clock);
  const polling = new Polling(issuer, new PollStore(prisma), clock, sign, store);
  const endpoints = new StreamEndpoints({
    issuer,
    streams: new Streams({
      store,
      clock,
      seal,
      subjects: {
        accountOf: async (username) => (await accounts.findByUsername(username))?.id ?? null,
        knows: async ({ kind, id }) =>
          kind === 'account' ? (await accounts.findById(id)) !== null : queries.exists(id),
      },
      addressFault: receiverAddressFault,
    }),
    authentication: new FollowerAuthentication(clients, signals, (token) => server.clientOf(token)),
    polling,
    clock,
    sign,
    send: outboundFetch({ allowInside: delivery.allowPrivateAddresses, timeoutMs: delivery.timeoutMs }),
    timeoutMs: delivery.timeoutMs,
    authorizationOf: async ({ id }) => {
      const sealed = await store.secret(id);
      return sealed && seal.open(sealed, id);
    },
    keep: ({ id }, jti, token) => store.keepVerification(id, { jti, token }),
  });
  const answering = (serve: Serve) =>
    endpointListener(serve.bind(endpoints), log, 'answering about a stream');
  return new Map([
    ['/.well-known/ssf-configuration', answering(endpoints.metadata)],
    ['/ssf/streams', answering(endpoints.configuration)],
    ['/ssf/status', answering(endpoints.status)],
    ['/ssf/subjects/add', answering(endpoints.addSubject)],
    ['/ssf/subjects/remove', answering(endpoints.removeSubject)],
    ['/ssf/verification', answering(endpoints.verification)],
    ['/ssf/poll', answering(endpoints.poll)],
  ]);
}
