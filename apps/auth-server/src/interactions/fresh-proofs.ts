import { SecondFactors } from '@curfew/accounts/factors';
import { Clock } from '@curfew/clock';
import { type Instant, instant } from '@curfew/session-policy';
import { type AuthenticationMethod, methodsTogether } from '@curfew/session-policy/authentication';
import { Injectable } from '@nestjs/common';
import type { Form } from './form.js';
import { FormTokens } from './form-tokens.js';
import type { Person } from './signed-in.js';

/** Seconds for which a person who has proved anew who they are may change how they sign in. */
const freshFor = 600;

/** How and when a person proved who they are. */
export interface FreshProof {
  readonly methods: readonly AuthenticationMethod[];
  readonly at: Instant;
  /** Names the password and the second factors that the account had when they proved it. */
  readonly version: string;
}

/**
 * Proofs of a moment ago, as fields of the page that follows them. They are in no address; the cookie of a notice holds one until its page
 * is shown, for a minute at most. They end ten minutes after the proof was given, however often a page hands them on, and with the browser
 * session, the password, and any change of the account's factors.
 */
@Injectable()
export class FreshProofs {
  constructor(
    private readonly tokens: FormTokens,
    private readonly factors: SecondFactors,
    private readonly clock: Clock,
  ) {}

  /** The fields of a proof, which do not make it any younger. */
  fields(person: Person, { at, methods, version }: FreshProof): Readonly<Record<string, string>> {
    const given = [String(at), methods.join(' ')] as const;
    const proof = this.tokens.issue('fresh-proof', ...boundTo(person, version), ...given);
    return { proof, at: given[0], proved: given[1] };
  }

  /** The proof in a form; undefined where there is none, or none that is fresh. */
  async read(person: Person, form: Form): Promise<FreshProof | undefined> {
    const [proof, at = '', proved = ''] = ['proof', 'at', 'proved'].map((name) => form.get(name));
    if (proof === undefined) return undefined;
    const { version } = await this.factors.authenticators(person.account.id);
    const isOurs = this.tokens.verify(proof, 'fresh-proof', ...boundTo(person, version), at, proved);
    if (!isOurs || this.clock.now() - Number(at) >= freshFor * 1000) return undefined;
    return { methods: methodsTogether(proved.split(' ')), at: instant(Number(at)), version };
  }
}

const boundTo = ({ browserSessionUid, account }: Person, version: string): string[] => [
  browserSessionUid,
  account.id,
  version,
];
