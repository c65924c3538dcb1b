import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Account, AccountService, type PasswordVerdict } from '@curfew/accounts';
import {
  Passkeys,
  type PasskeyUse,
  type PasskeyVerdict,
  passkeyMethods,
  SecondFactors,
  type SecondStepVerdict,
} from '@curfew/accounts/factors';
import { Clock } from '@curfew/clock';
import { EventLog } from '@curfew/events';
import type { RecognisedPerson } from '@curfew/oidc';
import {
  type EventData,
  type Instant,
  type RequestSignals,
  seconds,
  unknownSignals,
} from '@curfew/session-policy';
import { type AuthenticationMethod, methodsTogether } from '@curfew/session-policy/authentication';
import { accountEvent } from '@curfew/sessions';
import { SignalsReader } from '@curfew/signals';
import { Injectable } from '@nestjs/common';
import { freshValue, readOwnCookie, setCookie } from './cookies.js';
import type { Form } from './form.js';
import { type FormProblem, problemOfCode, problemOfVerdict } from './form-problem.js';
import { PageLog } from './page-log.js';
import { PageSettings } from './page-settings.js';

/** The outcome of a form with username and password. */
export type SignInOutcome =
  | Extract<PasswordVerdict, { kind: 'ok' }>
  | { readonly kind: 'refused'; readonly problem: FormProblem };

/** The outcome of a form with a proof of who somebody is. */
export type ProofOutcome =
  | {
      readonly kind: 'ok';
      readonly account: Account;
      readonly methods: readonly AuthenticationMethod[];
      readonly provedAt: Instant;
      /** A passkey whose use is still to be recorded, in the commit of the sign-in. */
      readonly passkeyUse?: PasskeyUse;
      /** The account, and its consent to the client that it signs in to, where they were read with the proof. */
      readonly read?: RecognisedPerson['read'];
    }
  | { readonly kind: 'refused'; readonly problem: FormProblem };

/** The outcome of a proof that a change of the authenticators is to follow; `version` names those that it covers. */
export type RenewedProof =
  | (Extract<ProofOutcome, { kind: 'ok' }> & { readonly version: string })
  | Extract<ProofOutcome, { kind: 'refused' }>;

const refused = (problem: FormProblem): Extract<ProofOutcome, { kind: 'refused' }> => ({
  kind: 'refused',
  problem,
});

/** How long a browser that signed in keeps a throttling lane of its own; browsers keep cookies for 400 days at most. */
const deviceCookieLifetime = seconds(400 * 86_400);

/** Verifies name and password from one browser, and remembers the browser when they were right. */
@Injectable()
export class SignIn {
  constructor(
    private readonly accounts: AccountService,
    private readonly factors: SecondFactors,
    private readonly passkeys: Passkeys,
    private readonly signals: SignalsReader,
    private readonly settings: PageSettings,
    private readonly log: PageLog,
    private readonly events: EventLog,
    private readonly clock: Clock,
  ) {}

  async attempt(request: IncomingMessage, response: ServerResponse, form: Form): Promise<SignInOutcome> {
    const username = form.get('username') ?? '';
    const password = form.get('password') ?? '';
    if (username === '' || password === '') {
      return { kind: 'refused', problem: { code: 'credentials_missing' } };
    }
    const verdict = await this.verify(request, { username, password, settlesWithSignIn: true });
    if (verdict.kind !== 'ok')
      return { kind: 'refused', problem: problemOfVerdict(verdict, 'credentials_wrong') };
    const value = readOwnCookie(request, this.settings, 'device') ?? freshValue();
    setCookie(response, this.settings, 'device', { value, maxAge: deviceCookieLifetime });
    return verdict;
  }

  /** Verifies a name and a password that were typed into a form of ours, and tells of it when they were not right. */
  async verify(
    request: IncomingMessage,
    typed: { readonly username: string; readonly password: string; readonly settlesWithSignIn?: boolean },
  ): Promise<PasswordVerdict> {
    const { headers, socket } = request;
    const signals = this.signals.read({ socketAddress: socket.remoteAddress, headers });
    const networkKey = signals.prefix ?? 'unknown';
    const deviceKey = readOwnCookie(request, this.settings, 'device');
    const verdict = await this.accounts.verifyPassword({ networkKey, deviceKey, ...typed });
    this.note(verdict, signals.ip);
    if (verdict.kind !== 'ok') this.tellFailed(verdict, signals);
    return verdict;
  }

  /** Verifies a code of the account's app, or a recovery code, that was typed into a form of ours; tells of it when it was not right. */
  async verifyCode(
    request: IncomingMessage,
    account: Account,
    typed: string,
    recoveryOnly = false,
  ): Promise<SecondStepVerdict> {
    const { headers, socket } = request;
    const signals = this.signals.read({ socketAddress: socket.remoteAddress, headers });
    const networkKey = signals.prefix ?? 'unknown';
    const deviceKey = readOwnCookie(request, this.settings, 'device');
    const verdict = await this.factors.verify(account, { typed, recoveryOnly, networkKey, deviceKey });
    this.log.note(`second_step_${verdict.kind}`, { ip: signals.ip, accountId: account.id });
    if (verdict.kind !== 'ok') {
      this.tellCause(verdict.kind === 'invalid' ? 'wrong_code' : 'throttled', account.id, signals);
    } else if (verdict.by === 'recovery_code') {
      const by = { kind: 'user', id: account.id, ip: signals.ip } as const;
      const told = { change: 'recovery_code_used', by } as const;
      await this.events.record([accountEvent(account.id, 'account.changed', told, this.clock.now())]);
    }
    return verdict;
  }

  /**
   * Verifies a passkey that was shown to the page of `binding`, and tells of it when it was not right; one of the account `expected`, where
   * that is known already.
   */
  async verifyPasskey(
    request: IncomingMessage,
    form: Form,
    binding: string,
    expected: string | null = null,
  ): Promise<ProofOutcome> {
    const signals = this.signalsOf(request);
    const verdict = await this.passkeys.verify({ typed: form.get('credential') ?? '', binding }, expected);
    return this.outcomeOf(verdict, signals);
  }

  /** The same for any passkey, whose use is recorded by the sign-in to that client, and tells of it if that refuses it. */
  async provePasskey(
    request: IncomingMessage,
    form: Form,
    { binding, clientId }: { readonly binding: string; readonly clientId: string },
  ): Promise<ProofOutcome> {
    // The browser may be gone when the commit refuses, and its address with it.
    const signals = this.signalsOf(request);
    const proof = await this.passkeys.prove({ typed: form.get('credential') ?? '', binding }, { clientId });
    const outcome = this.outcomeOf(proof, signals, 'proved');
    if (proof.kind !== 'ok' || outcome.kind !== 'ok') return outcome;
    const { accountId, account, consent, use } = proof;
    const refused = () => this.outcomeOf({ kind: 'invalid', accountId }, signals);
    return { ...outcome, passkeyUse: { ...use, refused }, read: { account, clientId, consent } };
  }

  private signalsOf({ headers, socket }: IncomingMessage): RequestSignals {
    return this.signals.read({ socketAddress: socket.remoteAddress, headers });
  }

  /** `known` is the word in the log for a passkey that is right: its use may be recorded already, or not. */
  private outcomeOf(
    verdict: PasskeyVerdict,
    signals: RequestSignals,
    known: 'ok' | 'proved' = 'ok',
  ): ProofOutcome {
    const { accountId } = verdict;
    this.log.note(`passkey_${verdict.kind === 'ok' ? known : verdict.kind}`, { ip: signals.ip, accountId });
    if (verdict.kind === 'stale') return refused({ code: 'passkey_stale' });
    if (verdict.kind === 'ok' && verdict.account.disabledAt === null)
      return { kind: 'ok', account: verdict.account, methods: passkeyMethods, provedAt: verdict.provedAt };
    this.tellCause(verdict.kind === 'ok' ? 'account_disabled' : 'wrong_passkey', accountId, signals);
    return refused({ code: 'passkey_wrong' });
  }

  /** Verifies the second proof of a person whose first one is known: a passkey of theirs, or a code. */
  async verifySecond(
    request: IncomingMessage,
    account: Account,
    form: Form,
    binding: string,
    recoveryOnly = false,
  ): Promise<ProofOutcome> {
    if (!form.get('credential')) {
      const verdict = await this.verifyCode(request, account, form.get('code') ?? '', recoveryOnly);
      if (verdict.kind !== 'ok') return refused(problemOfCode(verdict));
      return { kind: 'ok', account, methods: ['otp'], provedAt: this.clock.now() };
    }
    return this.verifyPasskey(request, form, binding, account.id);
  }

  /**
   * Lets a person who is signed in prove anew who they are, before they change how they sign in: by a passkey, or by the password, and a code
   * where the account has a second factor. A thief of the password alone changes nothing. A code of an app is not
   * enough if the account has a passkey, because it can be phished together with the password; a recovery code is the way back for somebody
   * whose passkey is lost.
   */
  async proveAnew(
    request: IncomingMessage,
    account: Account,
    form: Form,
    binding: string,
  ): Promise<RenewedProof> {
    const held = await this.factors.authenticators(account.id);
    const proved = await this.proveHeld(request, { ...account, secondFactors: held.kinds }, form, binding);
    if (proved.kind !== 'ok') return proved;
    // A factor that the account got while this was checked was not asked for. Each change compares once more, under its lock.
    const { version } = await this.factors.authenticators(account.id);
    return version === held.version ? { ...proved, version } : refused({ code: 'took_too_long' });
  }

  /** Verifies a proof of the authenticators that the account is said to have. */
  private async proveHeld(
    request: IncomingMessage,
    account: Account,
    form: Form,
    binding: string,
  ): Promise<ProofOutcome> {
    if (form.get('credential')) return this.verifySecond(request, account, form, binding);
    const typed = { username: account.username, password: form.get('current') ?? '' };
    const verdict = await this.verify(request, typed);
    if (verdict.kind !== 'ok') return refused(problemOfVerdict(verdict, 'current_password_wrong'));
    if (account.secondFactors.length === 0)
      return { kind: 'ok', account, methods: ['pwd'], provedAt: this.clock.now() };
    const recoveryOnly = account.secondFactors.includes('passkey');
    const second = await this.verifySecond(request, account, form, binding, recoveryOnly);
    return second.kind === 'ok' ? { ...second, methods: methodsTogether(['pwd'], second.methods) } : second;
  }

  private note(verdict: PasswordVerdict, ip: string | null): void {
    const facts =
      verdict.kind === 'ok'
        ? { accountId: verdict.account.id }
        : verdict.kind === 'invalid'
          ? { cause: verdict.cause, accountId: verdict.accountId }
          : { retryAfter: verdict.retryAfter };
    this.log.note(`sign_in_${verdict.kind}`, { ip, ...facts });
  }

  /**
   * Guesses come in floods, so they are counted, and one event a second has their number. The typed text is never part of it, and
   * neither is an unknown username, which may be a password in the wrong field.
   */
  private tellFailed(verdict: FailedVerdict, seen: RequestSignals): void {
    const cause = verdict.kind === 'invalid' ? verdict.cause : verdict.kind;
    const accountId = verdict.kind === 'invalid' ? verdict.accountId : null;
    // An attempt that was refused because of overload must not cost one row for each network.
    this.tellCause(cause, accountId, cause === 'overloaded' ? unknownSignals : seen);
  }

  /** Tells of a sign-in elsewhere that led to nobody's account. */
  tellFailedAt({ headers, socket }: IncomingMessage, cause: 'upstream_refused' | 'unknown_identity'): void {
    this.tellCause(cause, null, this.signals.read({ socketAddress: socket.remoteAddress, headers }));
  }

  private tellCause(
    cause: EventData['signin.failed']['cause'],
    accountId: string | null,
    signals: RequestSignals,
  ): void {
    const key = JSON.stringify([cause, accountId, signals.prefix]);
    this.events.tally('signin.failed', key, () =>
      accountEvent(accountId, 'signin.failed', { cause, signals, count: 1 }, this.clock.now()),
    );
  }
}

type FailedVerdict = Exclude<PasswordVerdict, { kind: 'ok' }>;
