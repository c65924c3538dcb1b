export { nextAttempt, type RetryPatience, usualPatience } from './backoff.js';
export { type AttemptOutcome, Courier } from './courier.js';
export { type ReceiverKind, receiverKinds, type Send, type StoredEvent } from './delivery.js';
export { DeliveryStore } from './delivery.store.js';
export { composeLogout, type SignJwt } from './logout-token.js';
export { ReceiverError, type ReceiverFault, Receivers, type WebhookWish } from './receivers.js';
export { type Receiver, type ReceiverStatus, ReceiversStore } from './receivers.store.js';
export { composeWebhook, type SecretSeal, webhookSignature } from './webhook.js';
