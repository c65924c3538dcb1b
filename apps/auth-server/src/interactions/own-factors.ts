import { SecondFactors } from '@curfew/accounts/factors';
import { Clock } from '@curfew/clock';
import { type Author, OperationParts, personWithProof } from '@curfew/operations';
import {
  addPasskey,
  confirmSecondFactor,
  type FactorAdded,
  type FactorChange,
  forgetBrowsers,
  type RemovableFactor,
  removeSecondFactor,
  removeSecondFactors,
  renewRecoveryCodes,
  setSecondStep,
} from '@curfew/operations/second-factors';
import type { AuthenticationMethod } from '@curfew/session-policy/authentication';
import { Injectable } from '@nestjs/common';
import { maxPasskeyName, type SecondStepDone } from '../pages/index.js';
import type { Form } from './form.js';
import { type FormProblem, problemOfError } from './form-problem.js';
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

  /** Makes one change, if the account still has the authenticators that the person's proof covered. */
  async act(act: FactorAct, person: Person, form: Form, version: string): Promise<FactorOutcome> {
    const { id } = person.account;
    this.log.note(`second_step_${act}`, { accountId: id });
    try {
      return await this.#change(act, person, form, personWithProof(this.parts, id, version));
    } catch (error) {
      return { kind: 'refused', problem: problemOfError(error) };
    }
  }

  /** Has the person asked for a second step in every browser again. */
  async forgetBrowsers({ account: { id } }: Person): Promise<void> {
    await forgetBrowsers(this.parts, id, personAt(id));
    this.log.note('browsers_forgotten', { accountId: id });
  }

  async #change(act: FactorAct, person: Person, form: Form, author: Author): Promise<FactorOutcome> {
    const { id } = person.account;
    switch (act) {
      case 'begin':
        await this.factors.propose(person.account, person.browserSessionUid);
        return { kind: 'goes_on' };
      case 'confirm':
        return this.#confirm(person, form, author);
      case 'add_passkey':
        return this.#addPasskey(person, form, author);
      case 'remove_app':
        return this.#remove(id, { kind: 'app' }, author);
      case 'remove_passkey':
        return this.#remove(id, { kind: 'passkey', id: form.get('passkey') ?? '' }, author);
      case 'renew':
        return this.#renew(person, author);
      case 'remove': {
        await this.#settled(await removeSecondFactors(this.parts, id, author));
        return { kind: 'done', done: 'removed', proved: [] };
      }
      default:
        if (person.account.secondFactors.length > 0)
          await setSecondStep(this.parts, id, act === 'always', author);
        return { kind: 'done', done: act };
    }
  }

  async #confirm(
    { account, browserSessionUid: binding }: Person,
    form: Form,
    author: Author,
  ): Promise<FactorOutcome> {
    if (account.secondFactors.includes('totp')) return { kind: 'done', done: 'app_added' };
    if (!(await this.factors.proposed(account, binding))) return refused('took_too_long');
    const shown = { account, binding, typed: form.get('code') ?? '' };
    const added = await confirmSecondFactor(this.parts, shown, author);
    return added ? this.#added(added, 'app_added', ['otp']) : refused('code_wrong');
  }

  async #addPasskey(
    { account, browserSessionUid: binding }: Person,
    form: Form,
    author: Author,
  ): Promise<FactorOutcome> {
    const name = (form.get('name') ?? '').trim();
    if (name === '' || [...name].length > maxPasskeyName) return refused('passkey_name_missing');
    const made = { account, binding, name, typed: form.get('credential') ?? '' };
    const added = await addPasskey(this.parts, made, author);
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

  async #remove(accountId: string, factor: RemovableFactor, author: Author): Promise<FactorOutcome> {
    const removed = await removeSecondFactor(this.parts, accountId, factor, author);
    await this.#settled(removed);
    return {
      kind: 'done',
      done: factor.kind === 'app' ? 'app_removed' : 'passkey_removed',
      ...(removed && { proved: [] }),
    };
  }

  async #renew({ account: { id } }: Person, author: Author): Promise<FactorOutcome> {
    const codes = await renewRecoveryCodes(this.parts, id, author);
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
