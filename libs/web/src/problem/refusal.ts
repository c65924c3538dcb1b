import type { ServerResponse } from 'node:http';

/** Why a request was refused, for the log and for metrics; it holds nothing secret and is never part of the answer. */
export interface Refusal {
  /** The code that the answer states. */
  readonly error: string;
  /** The exact cause, from the closed list of the server that refuses. */
  readonly cause: string;
  /** The client that asked, where it is one that is registered here. */
  readonly clientId?: string | undefined;
  /** A further fact that helps whoever looks into it. */
  readonly detail?: string | undefined;
}

const refusals = new WeakMap<ServerResponse, Refusal>();

/** Keeps why a request is refused until its line in the log is written; a later note replaces an earlier one. */
export function noteRefusal(response: ServerResponse, refusal: Refusal): void {
  refusals.set(response, refusal);
}

/** Why a request was refused, where it was. */
export const refusalOf = (response: ServerResponse): Refusal | undefined => refusals.get(response);
