import type { z } from 'zod';
import { count, type Milliseconds, path, size, timeout, word } from './values.js';

const host = (about: string) =>
  word(about, /^[0-9A-Za-z.:-]{1,253}$/, 'an address or host name', '127.0.0.1');
const port = (about: string, preset: number) => count(about, { min: 0, max: 65_535, default: preset });
const header = (about: string) =>
  word(about, /^[A-Za-z][A-Za-z0-9-]{0,63}$/, 'the name of a header')
    .optional()
    .meta({ about, form: 'name of a header' });

/** The addresses at which processes listen, and the proxies in front of them. */
export const network = {
  CURFEW_AUTH_HOST: host('Address the authorization server listens on.'),
  CURFEW_AUTH_PORT: port('Port the authorization server listens on; 0 takes a free one.', 3000),
  CURFEW_ADMIN_HOST: host('Address the admin API listens on.'),
  CURFEW_ADMIN_PORT: port('Port the admin API listens on.', 3001),
  CURFEW_GATEWAY_HOST: host('Address the gateway listens on.'),
  CURFEW_GATEWAY_PORT: port('Port the gateway listens on.', 3002),
  CURFEW_GATEWAY_ROUTES: path(
    'The file with the routes of the gateway (docs/gateway.md). Without one, a gateway with first-run data protects the sample resource, and any other lets nobody pass.',
  ),
  CURFEW_METRICS_HOST: host('Address that serves the metrics of one authorization server.'),
  CURFEW_METRICS_PORT: port(
    'Port that serves the metrics of one authorization server, added up over its workers; it must not be public. 0 serves none.',
    0,
  ),
  CURFEW_TRUSTED_HOPS: count(
    'How many proxies stand in front. The client address is taken that many places from the right of X-Forwarded-For; 0 believes no forwarded header.',
    { min: 0, max: 10, default: 0 },
  ),
  CURFEW_DEVICE_HEADER: header(
    'Header in which a trusted proxy names the device. Needs CURFEW_TRUSTED_HOPS above 0.',
  ),
  CURFEW_TLS_FINGERPRINT_HEADER: header(
    'Header in which a trusted proxy gives the TLS fingerprint of the client. Needs CURFEW_TRUSTED_HOPS above 0.',
  ),
  CURFEW_CLIENT_CERTIFICATE_HEADER: header(
    'Header in which a trusted proxy gives the verified client certificate (RFC 8705). Needs CURFEW_TRUSTED_HOPS above 0.',
  ),
  CURFEW_MAXMIND_ASN: path('MaxMind database with the autonomous system of addresses.'),
  CURFEW_MAXMIND_COUNTRY: path('MaxMind database with the country of addresses.'),
};

/** From a second on. */
const upTo = (max: string, value: string) => ({ min: '1s', max, default: value });

/** How much of a process one client may take, and for how long. */
export const limits = {
  CURFEW_BODY_LIMIT: size('The largest request body read.', { min: '1KiB', max: '1MiB', default: '56KiB' }),
  CURFEW_HEADERS_TIMEOUT: timeout('How long a client may take to send its headers.', upTo('60s', '10s')),
  CURFEW_REQUEST_TIMEOUT: timeout('How long a client may take to send a whole request.', upTo('5m', '20s')),
  CURFEW_SEND_TIMEOUT: timeout('How long a client may read nothing of an answer.', upTo('10m', '60s')),
  CURFEW_MAX_CONNECTIONS: count('Connections one process accepts at a time.', {
    min: 10,
    max: 100_000,
    default: 2_000,
  }),
  CURFEW_SHUTDOWN_GRACE: timeout('How long a process that is told to stop may finish what it began.', {
    min: '0s',
    max: '5m',
    default: '10s',
  }),
  CURFEW_SHUTDOWN_DELAY: timeout(
    'How long a process that is told to stop goes on taking requests: it is not ready, and each answer closes its connection, so that load balancers leave it first. Give it two intervals of their health checks.',
    { min: '0s', max: '1m', default: '0s' },
  ),
  CURFEW_WORKERS: count('Processes the authorization server runs on this machine.', {
    min: 1,
    max: 64,
    default: 1,
  }),
};

/** The address at which a process listens. */
export interface Listen {
  readonly host: string;
  readonly port: number;
}

/** The settings of the network and of its limits by subject. */
export interface NetworkConfiguration {
  readonly listen: {
    readonly auth: Listen;
    readonly admin: Listen;
    readonly gateway: Listen;
    /** Port 0: nothing listens. */
    readonly metrics: Listen;
  };
  readonly proxy: {
    readonly trustedHops: number;
    readonly deviceHeader: string | undefined;
    readonly tlsFingerprintHeader: string | undefined;
    readonly clientCertificateHeader: string | undefined;
  };
  readonly maxmind: { readonly asn: string | undefined; readonly country: string | undefined };
  readonly limits: {
    readonly bodyBytes: number;
    readonly headersTimeoutMs: Milliseconds;
    readonly requestTimeoutMs: Milliseconds;
    readonly sendTimeoutMs: Milliseconds;
    readonly maxConnections: number;
    readonly shutdownGraceMs: Milliseconds;
    readonly shutdownDelayMs: Milliseconds;
  };
}

/** These settings by subject. */
export const networkOf = (
  s: z.output<z.ZodObject<typeof network & typeof limits>>,
): NetworkConfiguration => ({
  listen: {
    auth: { host: s.CURFEW_AUTH_HOST, port: s.CURFEW_AUTH_PORT },
    admin: { host: s.CURFEW_ADMIN_HOST, port: s.CURFEW_ADMIN_PORT },
    gateway: { host: s.CURFEW_GATEWAY_HOST, port: s.CURFEW_GATEWAY_PORT },
    metrics: { host: s.CURFEW_METRICS_HOST, port: s.CURFEW_METRICS_PORT },
  },
  proxy: {
    trustedHops: s.CURFEW_TRUSTED_HOPS,
    deviceHeader: s.CURFEW_DEVICE_HEADER,
    tlsFingerprintHeader: s.CURFEW_TLS_FINGERPRINT_HEADER,
    clientCertificateHeader: s.CURFEW_CLIENT_CERTIFICATE_HEADER,
  },
  maxmind: { asn: s.CURFEW_MAXMIND_ASN, country: s.CURFEW_MAXMIND_COUNTRY },
  limits: {
    bodyBytes: s.CURFEW_BODY_LIMIT,
    headersTimeoutMs: s.CURFEW_HEADERS_TIMEOUT,
    requestTimeoutMs: s.CURFEW_REQUEST_TIMEOUT,
    sendTimeoutMs: s.CURFEW_SEND_TIMEOUT,
    maxConnections: s.CURFEW_MAX_CONNECTIONS,
    shutdownGraceMs: s.CURFEW_SHUTDOWN_GRACE,
    shutdownDelayMs: s.CURFEW_SHUTDOWN_DELAY,
  },
});
