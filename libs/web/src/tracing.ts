import type { IncomingMessage, RequestListener } from 'node:http';
import {
  type Attributes,
  type Context,
  context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';

type Environment = Readonly<Record<string, string | undefined>>;

/** How the span of a request begins: its name and what is known of the request before it is answered. */
export interface RequestSpan {
  readonly name: string;
  readonly attributes: Attributes;
}

/** Options that differ between traced processes. */
export interface TracingOptions {
  /** The name of the process among others, unless OTEL_SERVICE_NAME gives another one. */
  readonly service: string;
  /** The route of a request, one of a closed list; undefined where it is known only when the request is answered. */
  readonly routeOf?: (request: IncomingMessage) => string;
  /** Whether the sender may say which trace a request belongs to, because that decides what is recorded. */
  readonly isTrusted: (request: IncomingMessage) => boolean;
}

/** Spans of the requests a process answers, sent to a collector. */
export interface Tracing {
  /** A listener that is traced. */
  traced(listener: RequestListener): RequestListener;
  /** Names the span of a request by what has become of it. */
  describe(request: IncomingMessage, span: RequestSpan): void;
  /** The header that makes the spans of an upstream belong to the span of this request (W3C Trace Context §3.2). */
  parentHeader(request: IncomingMessage): Readonly<Record<string, string>>;
  /** Sends what was not sent yet. */
  stop(): Promise<void>;
}

/**
 * Starts tracing where OpenTelemetry's own variables ask for it (OTEL_EXPORTER_OTLP_ENDPOINT or its TRACES form, unless
 * OTEL_SDK_DISABLED); undefined otherwise. A span holds method, route and status: no address, path, query, header or body. The
 * statements a request sends to the database are spans within it.
 */
export async function startTracing(env: Environment, options: TracingOptions): Promise<Tracing | undefined> {
  const endpoint = env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] ?? env['OTEL_EXPORTER_OTLP_ENDPOINT'];
  const off = env['OTEL_SDK_DISABLED'] === 'true' || env['OTEL_TRACES_EXPORTER'] === 'none';
  if (!endpoint || off) return undefined;
  const provider = await openProvider(env['OTEL_SERVICE_NAME'] ?? options.service);
  const tracer = provider.getTracer('curfew');
  const spans = new WeakMap<IncomingMessage, Span>();
  return {
    traced: (listener) => (request, response) => {
      const parent = options.isTrusted(request) ? parentOf(request.headers['traceparent']) : ROOT_CONTEXT;
      const { name, attributes } = spanOf(request, options.routeOf?.(request));
      const span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, parent);
      spans.set(request, span);
      response.once('close', () => {
        span.setAttribute('http.response.status_code', response.statusCode);
        if (response.statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
        span.end();
      });
      context.with(trace.setSpan(parent, span), () => listener(request, response));
    },
    describe: (request, { name, attributes }) =>
      void spans.get(request)?.updateName(name).setAttributes(attributes),
    parentHeader(request) {
      const own = spans.get(request)?.spanContext();
      if (!own) return {};
      const flags = (own.traceFlags & TraceFlags.SAMPLED).toString(16).padStart(2, '0');
      return { traceparent: `00-${own.traceId}-${own.spanId}-${flags}` };
    },
    // A collector that is away must not keep the process from stopping.
    stop: () => provider.shutdown().catch(() => {}),
  };
}

/** Loads the exporter, which takes memory, only where it is asked for. */
async function openProvider(service: string) {
  const [{ OTLPTraceExporter }, { defaultResource, resourceFromAttributes }, sdk] = await Promise.all([
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/sdk-trace-node'),
  ]);
  const provider = new sdk.NodeTracerProvider({
    resource: defaultResource().merge(resourceFromAttributes({ 'service.name': service })),
    // Address, headers, timeout and compression are read by the exporter from the same family of variables.
    spanProcessors: [new sdk.BatchSpanProcessor(new OTLPTraceExporter())],
  });
  // Which request a statement belongs to is known by asynchronous context, which costs something only when this is on.
  provider.register();
  return provider;
}

const known = new Set(['GET', 'POST', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'DELETE']);

/** As the semantic conventions have it: a method that HTTP does not know is no name either. */
function spanOf({ method = '' }: IncomingMessage, route: string | undefined): RequestSpan {
  const word = known.has(method) ? method : '_OTHER';
  if (route === undefined) return { name: word, attributes: { 'http.request.method': word } };
  return { name: `${word} ${route}`, attributes: { 'http.request.method': word, 'http.route': route } };
}

/** W3C Trace Context §3.2. */
function parentOf(header: string | string[] | undefined): Context {
  const text = typeof header === 'string' ? header : '';
  const [, traceId, spanId, flags] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(text) ?? [];
  if (!traceId || !spanId || !flags || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return ROOT_CONTEXT;
  const traceFlags = Number.parseInt(flags, 16) & TraceFlags.SAMPLED;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}
