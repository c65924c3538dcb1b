import type { SessionPolicy } from './policy.js';
import { lasting } from './policy-settings.js';

/** The timeouts that one section of a document asks for. */
export interface DocumentedTimeouts {
  readonly document: string;
  readonly section: string;
  /** The demand in our own words. "Should" stands where the document says so; everything else it demands. */
  readonly asks: string;
  /** The part that is compared, for people who might take it for the whole document. */
  readonly title: string;
  /** The longest times that are allowed, and the requests that may count as activity. */
  readonly limits: Partial<Pick<SessionPolicy, 'inactivityTimeout' | 'absoluteLifetime' | 'activity'>>;
}

const nist = 'NIST SP 800-63B-4';

/** Documents that give numbers for timeouts, each under the name of the profile that keeps it: the one place for these numbers. */
export const documentedTimeouts = {
  'pci-dss': {
    document: 'PCI DSS 4.0.1',
    section: '8.2.8',
    asks: 'A person whose session was idle for more than 15 minutes authenticates again.',
    title: 'the idle timeout of PCI DSS 8.2.8',
    limits: { inactivityTimeout: lasting('15m'), activity: 'use' },
  },
  'nist-aal1': {
    document: nist,
    section: '2.1.3',
    asks: 'A session has an overall timeout, which should be at most 30 days.',
    title: 'the timeouts of AAL1',
    limits: { absoluteLifetime: lasting('30d') },
  },
  'nist-aal2': {
    document: nist,
    section: '2.2.3',
    asks: 'A session has an overall timeout. It should be at most 24 hours, and the inactivity timeout at most one hour.',
    title: 'the timeouts of AAL2',
    limits: { inactivityTimeout: lasting('1h'), absoluteLifetime: lasting('24h'), activity: 'use' },
  },
  'nist-aal3': {
    document: nist,
    section: '2.3.3',
    asks: 'The overall timeout is at most 12 hours. The inactivity timeout should be at most 15 minutes.',
    title: 'the timeouts of AAL3',
    limits: { inactivityTimeout: lasting('15m'), absoluteLifetime: lasting('12h'), activity: 'use' },
  },
} as const satisfies Readonly<Record<string, DocumentedTimeouts>>;

/** A demand with its document and section. */
export const cited = ({ document, section, asks }: DocumentedTimeouts): string =>
  `${document} §${section}: ${asks}`;

/** The settings by which a policy is laxer than a document allows. */
export const laxerThan = (
  policy: SessionPolicy,
  { limits }: DocumentedTimeouts,
): readonly (keyof SessionPolicy)[] =>
  (Object.keys(limits) as (keyof typeof limits)[]).filter((setting) => {
    const [own, limit] = [policy[setting], limits[setting]];
    return typeof own === 'number' && typeof limit === 'number' ? own > limit : own !== limit;
  });
