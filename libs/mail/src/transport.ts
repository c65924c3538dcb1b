import type { Secret } from '@curfew/config';
import { createTransport } from 'nodemailer';
import type { Letter } from './mail.js';

/** Sends letters. An error is a failed attempt. */
export interface Transport {
  send(letter: Letter): Promise<void>;
  close(): void;
}

/** How to reach the mail server. */
export interface SmtpSettings {
  /** smtp:// or smtps://, with the credentials. */
  readonly url: Secret;
  readonly from: string;
}

/** How long a mail server may take for each step, in milliseconds. */
const patienceMs = 10_000;

const isThisMachine = (host: string): boolean => /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/.test(host);

/**
 * A connection to a mail server. With smtps:// it begins with TLS (RFC 8314 §3.3); with smtp:// it demands STARTTLS, because links and
 * credentials go through it, unless the server is this machine.
 */
export function smtpTransport({ url, from }: SmtpSettings): Transport {
  const { protocol, hostname, port, username, password } = new URL(url.reveal());
  const secure = protocol === 'smtps:';
  const transport = createTransport({
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (secure ? 465 : 587) : Number(port),
    secure,
    requireTLS: !secure && !isThisMachine(hostname),
    pool: true,
    maxConnections: 2,
    connectionTimeout: patienceMs,
    greetingTimeout: patienceMs,
    socketTimeout: patienceMs,
    disableFileAccess: true,
    disableUrlAccess: true,
    tls: { minVersion: 'TLSv1.2' },
    ...(username === ''
      ? {}
      : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
  });
  // RFC 3834 §5: an answering machine does not answer.
  const headers = { 'Auto-Submitted': 'auto-generated' };
  return {
    async send({ to, subject, text }) {
      await transport.sendMail({ from, to: { name: '', address: to }, subject, text, headers });
    },
    close: () => transport.close(),
  };
}

/** A failed attempt in a few words that hold no address, and whether another one is worth nothing. */
export function failureOf(error: unknown): { readonly cause: string; readonly isFinal: boolean } {
  const { code, responseCode } = (error ?? {}) as { code?: unknown; responseCode?: unknown };
  const status = typeof responseCode === 'number' ? ` ${responseCode}` : '';
  const word = typeof code === 'string' && /^[A-Z_]{1,40}$/.test(code) ? code : 'failed';
  // RFC 5321 §4.2.1: no repetition changes a 5yz reply to this recipient or message. A reply to the login may be a mistake of ours.
  const isOfMail = code === 'EENVELOPE' || code === 'EMESSAGE';
  const isFinal = isOfMail && typeof responseCode === 'number' && responseCode >= 500;
  return { cause: `${word}${status}`, isFinal };
}
