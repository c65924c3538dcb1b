import { STATUS_CODES } from 'node:http';

/** A fault in a request: its place (a JSON pointer or a parameter's name) and a sentence about it, without the value. */
export interface ProblemFault {
  readonly at: string;
  readonly detail: string;
}

/** A problem detail (RFC 9457 §3) with the members this product adds: a stable code, the request's id, the single faults. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly code: string;
  readonly requestId?: string;
  readonly faults?: readonly ProblemFault[];
}

/** The facts a thrower states about a problem; `detail` and `faults` MUST NOT repeat input, except plain names of members. */
export interface ProblemStatement {
  readonly status: number;
  /** Stable, lower_snake_case; clients may compare it. */
  readonly code: string;
  readonly title?: string;
  readonly detail?: string;
  /** Seconds after which trying again makes sense. */
  readonly retryAfter?: number;
  readonly faults?: readonly ProblemFault[];
  /** Further headers of the answer, such as WWW-Authenticate. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The error behind it, for the log; never sent. */
  readonly cause?: unknown;
  /** Why, more exactly than the caller is told: a word of a closed list, for the log and for metrics; never sent. */
  readonly exactCause?: string;
}

/** An error that knows the answer it leads to. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string | undefined;
  readonly retryAfter: number | undefined;
  readonly faults: readonly ProblemFault[] | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly exactCause: string;

  constructor(statement: ProblemStatement) {
    super(statement.detail ?? statement.title ?? statement.code, { cause: statement.cause });
    this.status = statement.status;
    this.code = statement.code;
    this.title = statement.title ?? STATUS_CODES[statement.status] ?? 'Error';
    this.detail = statement.detail;
    this.retryAfter = statement.retryAfter;
    this.faults = statement.faults;
    this.headers = statement.headers ?? {};
    this.exactCause = statement.exactCause ?? statement.code;
  }

  /** The body of the answer. The type is a URN because nothing needs to be fetched to understand a code (RFC 9457 §3.1.1). */
  toProblem(requestId?: string): Problem {
    return {
      type: `urn:curfew:problem:${this.code}`,
      title: this.title,
      status: this.status,
      ...(this.detail === undefined ? {} : { detail: this.detail }),
      code: this.code,
      ...(requestId === undefined ? {} : { requestId }),
      ...(this.faults === undefined ? {} : { faults: this.faults }),
    };
  }
}
