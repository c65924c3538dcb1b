import type { IncomingMessage, RequestListener } from 'node:http';
import {
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import type { Decision } from '../decision.js';
import { outcomeOf } from './metrics.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** Spans of the requests a gateway answers, sent to a collector. */
export interface Tracing {
  /** A listener that is traced. */
  traced(listener: RequestListener): RequestListener;
  /** Names the span of a request by what was decided. */
  decided(message: IncomingMessage, decision: Decision): void;
  /** What the upstream of a request is told, so that its spans belong to ours (W3C Trace Context §3.2). */
  parentHeader(message: IncomingMessage): Readonly<Record<string, string>>;
  /** Sends what was not sent yet. */
  stop(): Promise<void>;
}

/**
 * Starts tracing where OpenTelemetry's own variables ask for it (OTEL_EXPORTER_OTLP_ENDPOINT or its TRACES form, unless
 * OTEL_SDK_DISABLED); undefined otherwise. A span holds method, route, outcome and status: no address, path, query,
 * header or body. Whose word counts for which trace a request belongs to is for `isTrusted` to say.
 */
export async function startTracing(
  env: Environment,
  isTrusted: (message: IncomingMessage) => boolean,
): Promise<Tracing | undefined> {
  const endpoint = env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] ?? env['OTEL_EXPORTER_OTLP_ENDPOINT'];
  const off = env['OTEL_SDK_DISABLED'] === 'true' || env['OTEL_TRACES_EXPORTER'] === 'none';
  if (!endpoint || off) return undefined;
  // What is not asked for takes no memory: most gateways send no traces.
  const [{ OTLPTraceExporter }, { defaultResource, resourceFromAttributes }, sdk] = await Promise.all([
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/sdk-trace-node'),
  ]);
  const name = env['OTEL_SERVICE_NAME'] ?? 'curfew-gateway';
  const provider = new sdk.NodeTracerProvider({
    resource: defaultResource().merge(resourceFromAttributes({ 'service.name': name })),
    // Address, headers, timeout and compression are read by the exporter from the same family of variables.
    spanProcessors: [new sdk.BatchSpanProcessor(new OTLPTraceExporter())],
  });
  const tracer = provider.getTracer('curfew');
  const spans = new WeakMap<IncomingMessage, Span>();
  return {
    traced: (listener) => (request, response) => {
      const parent = isTrusted(request) ? parentOf(request.headers['traceparent']) : ROOT_CONTEXT;
      const span = tracer.startSpan('gateway', { kind: SpanKind.SERVER }, parent);
      spans.set(request, span);
      response.once('close', () => {
        span.setAttribute('http.response.status_code', response.statusCode);
        if (response.statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
        span.end();
      });
      listener(request, response);
    },
    decided(message, decision) {
      const route = decision.route?.name ?? 'none';
      spans
        .get(message)
        ?.updateName(`gateway ${route}`)
        .setAttributes({ 'curfew.route': route, 'curfew.outcome': outcomeOf(decision) });
    },
    parentHeader(message) {
      const context = spans.get(message)?.spanContext();
      if (!context) return {};
      const flags = (context.traceFlags & TraceFlags.SAMPLED).toString(16).padStart(2, '0');
      return { traceparent: `00-${context.traceId}-${context.spanId}-${flags}` };
    },
    // A collector that is away must not keep the process from stopping.
    stop: () => provider.shutdown().catch(() => {}),
  };
}

function parentOf(header: string | string[] | undefined): Context {
  const text = typeof header === 'string' ? header : '';
  const [, traceId, spanId, flags] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(text) ?? [];
  if (!traceId || !spanId || !flags || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return ROOT_CONTEXT;
  const traceFlags = Number.parseInt(flags, 16) & TraceFlags.SAMPLED;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}
