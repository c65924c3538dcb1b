import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import {
  type Context,
  context,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { routeOf } from './route-of.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** Spans of the requests this process answers, sent to a collector. */
export interface Tracing {
  /** A listener that is traced. */
  traced(listener: RequestListener, base: string, trustedHops: number): RequestListener;
  /** Sends what was not sent yet. */
  stop(): Promise<void>;
}

/**
 * Starts tracing where OpenTelemetry's own variables ask for it (OTEL_EXPORTER_OTLP_ENDPOINT or its TRACES form, unless
 * OTEL_SDK_DISABLED); undefined otherwise. A span holds method, route and status: no address, query, header or body. The statements a
 * request sends to the database are spans within it.
 */
export async function startTracing(env: Environment): Promise<Tracing | undefined> {
  const endpoint = env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] ?? env['OTEL_EXPORTER_OTLP_ENDPOINT'];
  const off = env['OTEL_SDK_DISABLED'] === 'true' || env['OTEL_TRACES_EXPORTER'] === 'none';
  if (!endpoint || off) return undefined;
  // What is not asked for takes no memory: most servers send no traces.
  const [{ OTLPTraceExporter }, { defaultResource, resourceFromAttributes }, sdk] = await Promise.all([
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/sdk-trace-node'),
  ]);
  const name = env['OTEL_SERVICE_NAME'] ?? 'curfew-auth-server';
  const provider = new sdk.NodeTracerProvider({
    resource: defaultResource().merge(resourceFromAttributes({ 'service.name': name })),
    // Address, headers, timeout and compression are read by the exporter from the same family of variables.
    spanProcessors: [new sdk.BatchSpanProcessor(new OTLPTraceExporter())],
  });
  // Which request a statement belongs to is known by asynchronous context, which costs something only when this is on.
  provider.register();
  const tracer = provider.getTracer('curfew');
  return {
    traced: (listener, base, trustedHops) => (request, response) => {
      const within = span(tracer, request, response, routeOf(request.url ?? '', base), trustedHops);
      context.with(within, () => listener(request, response));
    },
    // A collector that is away must not keep the process from stopping.
    stop: () => provider.shutdown().catch(() => {}),
  };
}

const known = new Set(['GET', 'POST', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'DELETE']);

function span(
  tracer: Tracer,
  request: IncomingMessage,
  response: ServerResponse,
  route: string,
  trustedHops: number,
): Context {
  // As the semantic conventions have it: what is no method of HTTP is no name either.
  const method = known.has(request.method ?? '') ? request.method! : '_OTHER';
  const parent = trustedHops > 0 ? parentOf(request.headers['traceparent']) : ROOT_CONTEXT;
  const begun = tracer.startSpan(
    `${method} ${route}`,
    { kind: SpanKind.SERVER, attributes: { 'http.request.method': method, 'http.route': route } },
    parent,
  );
  response.once('close', () => {
    begun.setAttribute('http.response.status_code', response.statusCode);
    if (response.statusCode >= 500) begun.setStatus({ code: SpanStatusCode.ERROR });
    begun.end();
  });
  return trace.setSpan(parent, begun);
}

/** W3C Trace Context §3.2; believed only from a proxy of ours, because it decides what is recorded. */
function parentOf(header: string | string[] | undefined): Context {
  const text = typeof header === 'string' ? header : '';
  const [, traceId, spanId, flags] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(text) ?? [];
  if (!traceId || !spanId || !flags || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16) & 1,
    isRemote: true,
  });
}
