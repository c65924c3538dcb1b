import { Clock } from '@curfew/clock';
import { type AuthenticationMethod, methodsTogether } from '@curfew/session-policy/authentication';
import { Injectable } from '@nestjs/common';
import type { Form } from './form.js';
import { FormTokens } from './form-tokens.js';
import type { Person } from './signed-in.js';

/** Seconds for which a person who has proved anew who they are may change how they sign in. */
const freshFor = 600;

/**
 * Proofs of a moment ago, as fields of the page that follows them. They are in no cookie and no address, so that a thief of the browser's
 * cookies has none. They end with the browser session, and with the password.
 */
@Injectable()
export class FreshProofs {
  constructor(
    private readonly tokens: FormTokens,
    private readonly clock: Clock,
  ) {}

  /** The fields of a proof that these methods were. */
  fields(person: Person, methods: readonly AuthenticationMethod[]): Readonly<Record<string, string>> {
    const at = String(this.clock.now());
    const proved = methods.join(' ');
    return { proof: this.tokens.issue('fresh-proof', ...boundTo(person), at, proved), at, proved };
  }

  /** The methods of the proof in a form; undefined where there is none, or none that is fresh. */
  read(person: Person, form: Form): readonly AuthenticationMethod[] | undefined {
    const [proof, at = '', proved = ''] = ['proof', 'at', 'proved'].map((name) => form.get(name));
    const isOurs = this.tokens.verify(proof, 'fresh-proof', ...boundTo(person), at, proved);
    if (!isOurs || this.clock.now() - Number(at) >= freshFor * 1000) return undefined;
    return methodsTogether(proved.split(' '));
  }
}

const boundTo = ({ browserSessionUid, account }: Person): string[] => [
  browserSessionUid,
  account.id,
  String(account.passwordChangedAt),
];
