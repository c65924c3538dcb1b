import type { EndReason, EventType, SessionPolicy } from '@curfew/session-policy';

/** The address of a document, and how far our sentences were compared with it. */
export interface Source {
  readonly url: string;
  /** The day on which they were compared, or null where they could not be. */
  readonly compared_on: string | null;
  /** The text that they were compared with, or the reason why they were not. */
  readonly compared_with: string;
}

/** A document with controls. */
export interface Standard {
  readonly id: StandardId;
  readonly title: string;
  /** A note about its scope here; null where there is nothing to add. */
  readonly note: string | null;
  readonly source: Source;
}

/** The documents of the catalogue, in the order of the report. */
export const standardIds = [
  'pci-dss',
  'nist-800-63b',
  'asvs',
  'fapi2',
  'hipaa',
  'iso-27002',
  'gdpr',
] as const;

/** The id of a document of the catalogue. */
export type StandardId = (typeof standardIds)[number];

/** The facts of the configuration that controls ask about, by the name of their setting. */
export interface ConfigurationFacts {
  readonly CURFEW_PASSWORD_MIN_LENGTH: number;
  /** Failed sign-ins of one account from one network, in their window. */
  readonly CURFEW_THROTTLE_SIGN_IN: { readonly count: number; readonly window: number };
  /** Seconds. */
  readonly CURFEW_EVENT_RETENTION: number;
  /** Seconds. */
  readonly CURFEW_ENDED_SESSION_RETENTION: number;
}

/** The members of a client's registration that controls ask about. */
export interface RegistrationFacts {
  readonly isSenderConstrained: boolean;
  readonly requiresPushedRequests: boolean;
  readonly requiresPkce: boolean;
  /** Whether it authenticates with a key of its own: private_key_jwt or mutual TLS. */
  readonly authenticatesByKey: boolean;
}

/** One thing that a control asks for. Lengths of time are in seconds. */
export type Check =
  | {
      readonly kind: 'setting';
      readonly setting: keyof SessionPolicy;
      readonly asks: string;
      readonly isMetBy: (policy: SessionPolicy) => boolean;
    }
  | {
      readonly kind: 'configuration';
      readonly setting: keyof ConfigurationFacts;
      readonly asks: string;
      readonly isMetBy: (facts: ConfigurationFacts) => boolean;
    }
  | {
      readonly kind: 'registration';
      readonly asks: string;
      readonly isMetBy: (facts: RegistrationFacts) => boolean;
    }
  /** The product always does it; no setting takes it away. */
  | { readonly kind: 'always'; readonly asks: string }
  /** The product does not do it, or only its operator can. */
  | { readonly kind: 'gap'; readonly asks: string };

/** The evidence that a control is carried out: a test of the product, or events of this installation. */
export interface Proof {
  /** File and title of a test. */
  readonly test?: readonly [file: string, title: string];
  readonly event?: { readonly type: EventType; readonly reason?: EndReason };
}

/** A control: the demand of one section of a document, in our own words, and how it is met here. */
export interface Control {
  readonly standard: StandardId;
  readonly section: string;
  readonly asks: string;
  readonly checks: readonly Check[];
  readonly proofs: readonly Proof[];
  readonly note?: string;
}
