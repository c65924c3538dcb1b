import { type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';

const tracer = trace.getTracer('curfew');

/** The statement that the driver is asked to run. */
interface Asked {
  readonly name?: unknown;
  readonly text?: unknown;
}

/**
 * Begins the span of a statement, for a request that is traced. It says what kind of statement it is and, of a prepared one, its name:
 * never its text or its values, which may hold what is secret.
 */
export function beginStatement(query: unknown): Span {
  const { name, text } = typeof query === 'string' ? ({ text: query } as Asked) : ((query ?? {}) as Asked);
  const verb = /^\s*([a-z]+)/i.exec(String(text ?? ''))?.[1]?.toUpperCase() ?? 'STATEMENT';
  return tracer.startSpan(typeof name === 'string' ? name : verb, {
    kind: SpanKind.CLIENT,
    attributes: { 'db.system.name': 'postgresql', 'db.operation.name': verb },
  });
}

/** Ends the span of a statement; only the SQLSTATE of a failure is told. */
export function endStatement(span: Span, error?: unknown): void {
  if (error) {
    const { code } = error as { code?: unknown };
    if (typeof code === 'string') span.setAttribute('db.response.status_code', code.slice(0, 40));
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}
