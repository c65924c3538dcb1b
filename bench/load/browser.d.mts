import type { Connection } from './connection.mjs';

/** A sign-in as the benchmark asks for it. */
export interface Asked {
  readonly endpoint: string;
  readonly client: { readonly id: string };
  readonly redirectUri: string;
  readonly scope: string;
  readonly person: { readonly username: string; readonly password: string };
}

export class Browser {
  /** Signs in and consents where pages ask for it; throws with the page and status at which it stopped. */
  authorize(
    connection: Connection,
    asked: Asked,
  ): Promise<{ readonly code: string; readonly verifier: string; readonly redirectUri: string }>;
}
