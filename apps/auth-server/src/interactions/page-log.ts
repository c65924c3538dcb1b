/** The log of the pages for operators; pages tell people less. */
export abstract class PageLog {
  /** A sign-in or a refusal of one: `facts` never hold a password or a cookie. */
  abstract note(event: string, facts: Readonly<Record<string, unknown>>): void;

  /** An answer of 500 and above. */
  abstract fault(error: unknown, requestId: string | undefined): void;
}
