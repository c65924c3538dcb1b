import { SecondFactors } from '@curfew/accounts/factors';
import { Clock } from '@curfew/clock';
import {
  addPasskey,
  confirmSecondFactor,
  type FactorAdded,
  type FactorChange,
  OperationParts,
  type RemovableFactor,
  removeSecondFactor,
  removeSecondFactors,
  renewRecoveryCodes,
  setSecondStep,
} from '@curfew/operations';
import type { AuthenticationMethod } from '@curfew/session-policy/authentication';
import { Injectable } from '@nestjs/common';
import { maxPasskeyName, type SecondStepDone } from '../pages/index.js';
import type { Form } from './form.js';
import type { FormProblem } from './form-problem.js';
import { personAt, untilOver } from './own-account.js';
import { PageLog } from './page-log.js';
import type { Person } from './signed-in.js';

/** Every change that a person can make to their second factors, as forms name it. */
const factorActs = [
  'begin',
  'confirm',
  'remove_app',
  'add_passkey',
  'remove_passkey',
  'renew',
  'remove',
  'always',
  'sometimes',
] as const;

/** One of those changes. */
export type FactorAct = (typeof factorActs)[number];

/** Whether a form names such a change. */
export const isFactorAct = (act: string | undefined): act is FactorAct =>
  factorActs.some((known) => known === act);

/** The outcome of a change. */
export type FactorOutcome =
  | { readonly kind: 'refused'; readonly problem: FormProblem }
  /** The page goes on with what was begun. */
  | { readonly kind: 'goes_on' }
  | {
      readonly kind: 'done';
      readonly done: SecondStepDone;
      /** New recovery codes, to be shown once. */
      readonly codes?: readonly string[] | null;
      /** Set where factors changed: further methods that the person has proved with it. */
      readonly proved?: readonly AuthenticationMethod[];
    };

const refused = (code: FormProblem['code']): FactorOutcome => ({ kind: 'refused', problem: { code } });

/** Changes of a person's own second factors, with their events and ends. The person has proved who they are. */
@Injectable()
export class OwnFactors {
  constructor(
    private readonly parts: OperationParts,
    private readonly factors: SecondFactors,
    private readonly log: PageLog,
    private readonly clock: Clock,
  ) {}

  /** Makes one change. */
  async act(act: FactorAct, person: Person, form: Form): Promise<FactorOutcome> {
    const { id } = person.account;
    this.log.note(`second_step_${act}`, { accountId: id });
    switch (act) {
      case 'begin':
        await this.factors.propose(person.account, person.browserSessionUid);
        return { kind: 'goes_on' };
      case 'confirm':
        return this.#confirm(person, form);
      case 'add_passkey':
        return this.#addPasskey(person, form);
      case 'remove_app':
        return this.#remove(id, { kind: 'app' });
      case 'remove_passkey':
        return this.#remove(id, { kind: 'passkey', id: form.get('passkey') ?? '' });
      case 'renew':
        return this.#renew(person);
      case 'remove': {
        await this.#settled(await removeSecondFactors(this.parts, id, personAt(id)));
        return { kind: 'done', done: 'removed', proved: [] };
      }
      default:
        if (person.account.secondFactors.length > 0)
          await setSecondStep(this.parts, id, act === 'always', personAt(id));
        return { kind: 'done', done: act };
    }
  }

  async #confirm({ account, browserSessionUid: binding }: Person, form: Form): Promise<FactorOutcome> {
    if (account.secondFactors.includes('totp')) return { kind: 'done', done: 'app_added' };
    if (!(await this.factors.proposed(account, binding))) return refused('took_too_long');
    const shown = { account, binding, typed: form.get('code') ?? '' };
    const added = await confirmSecondFactor(this.parts, shown, personAt(account.id));
    return added ? this.#added(added, 'app_added', ['otp']) : refused('code_wrong');
  }

  async #addPasskey({ account, browserSessionUid: binding }: Person, form: Form): Promise<FactorOutcome> {
    const name = (form.get('name') ?? '').trim();
    if (name === '' || [...name].length > maxPasskeyName) return refused('passkey_name_missing');
    const made = { account, binding, name, typed: form.get('credential') ?? '' };
    const added = await addPasskey(this.parts, made, personAt(account.id));
    // Making a passkey proves nothing about a person whom a phished password let in: `phr` comes of showing it later.
    if (typeof added !== 'string') return this.#added(added, 'passkey_added', []);
    return refused(problemOfFault[added]);
  }

  async #added(
    added: FactorAdded,
    done: SecondStepDone,
    proved: readonly AuthenticationMethod[],
  ): Promise<FactorOutcome> {
    await this.#settled(added);
    return { kind: 'done', done, codes: added.codes, proved };
  }

  async #remove(accountId: string, factor: RemovableFactor): Promise<FactorOutcome> {
    const removed = await removeSecondFactor(this.parts, accountId, factor, personAt(accountId));
    await this.#settled(removed);
    return {
      kind: 'done',
      done: factor.kind === 'app' ? 'app_removed' : 'passkey_removed',
      ...(removed && { proved: [] }),
    };
  }

  async #renew({ account: { id } }: Person): Promise<FactorOutcome> {
    const codes = await renewRecoveryCodes(this.parts, id, personAt(id));
    return codes ? { kind: 'done', done: 'always', codes } : { kind: 'goes_on' };
  }

  async #settled(change: FactorChange | null): Promise<void> {
    if (change?.ended) await untilOver(change.ended.at, this.clock);
  }
}

const problemOfFault = {
  stale: 'passkey_stale',
  invalid: 'passkey_wrong',
  too_many: 'too_many_passkeys',
} as const;
