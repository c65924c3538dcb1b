import { type Receiver } from '@curfew/events/delivery';
import { offeredEvents, type StreamWish } from '@curfew/events/streams';
import { malformedBody } from '@curfew/web';

/** Delivery methods by their names in SSF 1.0 §6.1. */
export const deliveryMethods = { push: 'urn:ietf:rfc:8935', poll: 'urn:ietf:rfc:8936' } as const;

/** A stream as asked for, and the header its endpoint wants to see, which is never shown again. */
export interface AskedStream {
  readonly wish: StreamWish;
  readonly authorization: string | null;
}

type Json = Readonly<Record<string, unknown>>;

/** A JSON object. @throws ProblemError 400 */
export function objectOf(value: unknown): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw malformedBody('the body must be a JSON object');
  return value as Json;
}

/** An optional text of bounded length. @throws ProblemError 400 */
export function textOf(body: Json, name: string, longest: number): string | null {
  const value = body[name];
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string' || value.length > longest || /\p{C}/u.test(value))
    throw malformedBody(`${name} must be a text of at most ${longest} characters`);
  return value;
}

/** Reads a receiver's configuration of its stream; missing members are taken from `known`. @throws ProblemError 400 */
export function readStream(value: unknown, known: Receiver | null): AskedStream {
  const body = objectOf(value);
  const delivery = body['delivery'] === undefined ? null : objectOf(body['delivery']);
  const method = methodOf(delivery?.['method'], known);
  return {
    wish: {
      method,
      address:
        method === 'poll'
          ? null
          : ((delivery && textOf(delivery, 'endpoint_url', 2048)) ?? known?.address ?? ''),
      eventsRequested: eventsOf(body['events_requested'], known),
      description:
        textOf(body, 'description', 200) ?? (known?.settings['description'] as string | null) ?? null,
    },
    authorization: (delivery && textOf(delivery, 'authorization_header', 4096)) || null,
  };
}

function methodOf(method: unknown, known: Receiver | null): 'push' | 'poll' {
  const now = known && (known.kind === 'set_push' ? 'push' : 'poll');
  if (method === undefined) return now ?? 'poll';
  const asked = method === deliveryMethods.push ? 'push' : method === deliveryMethods.poll ? 'poll' : null;
  if (asked === null) throw malformedBody('delivery.method must be one of the supported methods');
  if (now !== null && asked !== now)
    throw malformedBody('the method of a stream stays; delete it and make another');
  return asked;
}

function eventsOf(events: unknown, known: Receiver | null): readonly string[] {
  if (events === undefined)
    return (known?.settings['eventsRequested'] as readonly string[] | undefined) ?? offeredEvents;
  if (
    !Array.isArray(events) ||
    events.length > 50 ||
    !events.every((one) => typeof one === 'string' && one.length <= 200)
  )
    throw malformedBody('events_requested must be a list of at most 50 URIs');
  return events as string[];
}

/** A stream as its owner sees it (SSF 1.0 §8.1.1). */
export function streamView(stream: Receiver, issuer: string): Json {
  const requested = stream.settings['eventsRequested'] as readonly string[];
  const endpoint = stream.kind === 'set_push' ? stream.address : `${issuer}/ssf/poll`;
  return {
    stream_id: stream.id,
    iss: issuer,
    aud: stream.settings['aud'],
    events_supported: offeredEvents,
    events_requested: requested,
    events_delivered: offeredEvents.filter((uri) => requested.includes(uri)),
    delivery: {
      method: stream.kind === 'set_push' ? deliveryMethods.push : deliveryMethods.poll,
      endpoint_url: endpoint,
    },
    ...(stream.settings['description'] ? { description: stream.settings['description'] } : {}),
    min_verification_interval: 1,
  };
}
