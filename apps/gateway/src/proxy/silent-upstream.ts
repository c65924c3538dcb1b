import type { ClientRequest } from 'node:http';

/** An upstream did not begin to answer an upgrade in time. */
export class UpstreamSilent extends Error {
  override readonly name = 'UpstreamSilent';
}

/**
 * Gives up an upgrade that the upstream does not begin to answer within `patience` milliseconds. The library waits for ever, also for a
 * client that has gone, because nobody reads from its connection meanwhile; so nothing would bound the connections to such an upstream.
 */
export function giveUpOnSilence(upgrade: ClientRequest, patience: number): void {
  upgrade.setTimeout(patience, () => upgrade.destroy(new UpstreamSilent()));
  for (const answer of ['upgrade', 'response']) upgrade.once(answer, () => upgrade.setTimeout(0));
}
