import { createHmac, randomBytes } from 'node:crypto';
import type { Instant } from '@curfew/session-policy';
import type { Compose, StoredEvent } from './delivery.js';

/** Secrets of webhooks, as the Standard Webhooks specification writes them. */
const prefix = 'whsec_';

/** Something keeps secrets so that the database alone does not give them away. */
export interface SecretSeal {
  /** Sealed bytes that open only beside the same `context`. */
  close(secret: string, context: string): Uint8Array;
  /** The secret, or undefined when its key is gone. */
  open(sealed: Uint8Array, context: string): string | undefined;
}

/** None of a receiver's secrets can be opened: the key they were sealed under was dropped. Give the receiver a new one. */
export class SecretUnreadable extends Error {
  override readonly name = 'SecretUnreadable';
  readonly code = 'secret_unreadable';
}

/** A new secret to sign with: 32 random bytes. */
export const newWebhookSecret = (): string => `${prefix}${randomBytes(32).toString('base64')}`;

/** The signature that a receiver compares: HMAC-SHA256 over id, timestamp in seconds and body (Standard Webhooks, "Signature scheme"). */
export function webhookSignature(secret: string, id: string, timestamp: number, body: string): string {
  const key = Buffer.from(secret.slice(prefix.length), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
}

/** An event as a webhook tells it. */
export const webhookBody = ({ id, at, type, sessionId, accountId, clientId, data }: StoredEvent): string =>
  JSON.stringify({
    type,
    timestamp: new Date(at).toISOString(),
    data: { ...data, event_id: id, session_id: sessionId, account_id: accountId, client_id: clientId },
  });

/**
 * Webhooks: the id is the event's and stays through all attempts, so that a receiver recognises a repetition; the timestamp is the
 * attempt's and signed, so that it recognises a replay. While a secret is rolled over, both sign.
 */
export const composeWebhook =
  (seal: SecretSeal): Compose =>
  async ({ target, event }, now: Instant) => {
    const secrets = target.secrets.flatMap((sealed) => seal.open(sealed, target.id) ?? []);
    if (secrets.length === 0) throw new SecretUnreadable('no secret to sign with');
    const body = webhookBody(event);
    const timestamp = Math.floor(now / 1000);
    return {
      headers: {
        'content-type': 'application/json',
        'webhook-id': event.id,
        'webhook-timestamp': String(timestamp),
        'webhook-signature': secrets
          .map((secret) => webhookSignature(secret, event.id, timestamp, body))
          .join(' '),
      },
      body,
    };
  };
