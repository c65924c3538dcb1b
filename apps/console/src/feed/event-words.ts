import { camelWords, isGrave, reasonWords } from '../elements/words.js';
import { countOf, type FeedEvent } from './feed-state.js';

/** An event as one line of text; the reason is a part of it. */
export function eventWords(event: FeedEvent): string {
  const { type, data } = event;
  const count = countOf(event);
  const title = reasonWords(type.replace('.', ' '));
  const named = ['reason', 'cause', 'pattern', 'operation', 'change', 'step'].find(
    (name) => typeof data[name] === 'string',
  );
  const reason = named && (named === 'operation' ? camelWords : reasonWords)(String(data[named]));
  return `${title}${count > 1 ? ` × ${count}` : ''}${reason ? `: ${reason}` : ''}`;
}

/** How an event is marked: signs of an attack stand out, and so do beginnings. */
export function eventLook({ type, data }: FeedEvent): '' | 'bad' | 'good' {
  if (/reuse|alert|refused|failed|restored/.test(type) || isGrave(String(data['reason'] ?? ''))) return 'bad';
  return /started|succeeded/.test(type) ? 'good' : '';
}

/** The next step after an alert of a pattern. */
const steps: Readonly<Record<string, string>> = {
  unknown_token_spray:
    'Somebody tries tokens that no session has. Look at the refused requests by network, and hold the network back.',
  reuse_across_sessions:
    'Look at the sessions that ended for reuse. If they share an application, ask whether it keeps old tokens; if not, they were stolen together.',
  hammering_after_end:
    'A program goes on after its session ended. Look at its application: it should ask for a new sign-in, or it is not the application.',
  address_touching_accounts:
    'One address uses the accounts of many people. Look whether it is an office or a relay; if not, end their sessions and hold the network back.',
  credential_stuffing:
    'Look at the failed sign-ins by network. Hold the network back, and ask the people concerned for new passwords.',
  refresh_storm:
    'An application refreshes far too often. Look at its latest release, and at the lifetime of its access tokens.',
  refused_requests:
    'Look at the causes of the refusals. One application with one cause is a fault of its settings; many are somebody who tries things.',
  session_in_two_places:
    'Look at the session: it is used from two places at once. End it if its person cannot explain that.',
  stale_follower:
    'A gateway or API does not follow the feed. It denies everything until it does: look at its log and its network.',
};

/** Says what to do about an alert. */
export const alertStep = (pattern: string): string =>
  steps[pattern] ??
  'Look at the events of the last minutes. End the sessions concerned if you cannot explain them.';
