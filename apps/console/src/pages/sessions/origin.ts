import type { Session } from './session-queries.js';

type Signals = Session['signals'];

/** Whether a request came from a runtime of servers: a gateway that redeems the code of a sign-in is the origin of the session's own signals. */
const isServer = ({ user_agent_family: family, operating_system: system }: Signals): boolean =>
  system === null && /^(node|undici|curfew)/i.test(family ?? '');

/** The device of a request in words. */
export const deviceWords = (signals: Signals): string => {
  if (isServer(signals)) return 'a gateway or server';
  return (
    [signals.user_agent_family, signals.operating_system].filter(Boolean).join(' on ') || 'an unknown device'
  );
};

/** The place of a request in words; empty where nothing is known of it. */
export const placeWords = ({ ip, country, asn }: Signals): string =>
  [ip, country, asn && `AS${asn}`].filter(Boolean).join(' · ');

/** A request in words: its device and its place. */
export const originWords = (signals: Signals): string =>
  [deviceWords(signals), placeWords(signals)].filter(Boolean).join(' · ');
