import type { Configuration } from '@curfew/config';
import type { AlertThresholds, DetectorAnswers, RaisedAlert } from '@curfew/events/alerts';
import { endEverything, endSessions, type OperationParts } from '@curfew/operations';
import type { Transaction } from '@curfew/persistence';
import { seconds } from '@curfew/session-policy';

/** How much of each pattern is an alert. */
export const thresholdsOf = ({ alerts }: Configuration): AlertThresholds => ({
  unknown_token_spray: alerts.unknownTokens,
  reuse_across_sessions: alerts.reuseSessions,
  hammering_after_end: alerts.afterEnd,
  address_touching_accounts: alerts.addressAccounts,
  credential_stuffing: alerts.failedSignIns,
  refresh_storm: alerts.refreshStorm,
  refused_requests: alerts.refusedRequests,
  session_in_two_places: alerts.sessionPlaces,
});

/** The reaction to each pattern. */
export const answersOf = ({ alerts: { answers, throttledFor } }: Configuration): DetectorAnswers => ({
  answers: {
    unknown_token_spray: answers.unknownTokens,
    reuse_across_sessions: answers.reuseSessions,
    hammering_after_end: answers.afterEnd,
    address_touching_accounts: answers.addressAccounts,
    credential_stuffing: answers.failedSignIns,
    refresh_storm: answers.refreshStorm,
    refused_requests: answers.refusedRequests,
    session_in_two_places: answers.sessionPlaces,
  },
  throttledFor: seconds(throttledFor),
});

/**
 * Ends what an alert is about, in the transaction that records it: the one session it names, or everything of a client whose store
 * of tokens seems to be in other hands.
 */
export const endConcerned =
  (parts: OperationParts) =>
  async ({ data, sessionId, clientId }: RaisedAlert, transaction: Transaction): Promise<void> => {
    const author = { by: { kind: 'policy', id: null, ip: null }, note: data.pattern } as const;
    const reason = 'attack_pattern';
    if (sessionId !== null)
      await endSessions(parts, { sessionIds: [sessionId] }, reason, author, transaction);
    else if (clientId !== null)
      await endEverything(parts, { kind: 'client', target: clientId }, reason, author, transaction);
  };
