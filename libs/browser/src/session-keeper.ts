import { AuthorizationServer } from './authorization-server.js';
import { CurfewError, onlyUnavailable, refusedBy, signedOut } from './curfew-error.js';
import { randomText } from './encoding.js';
import { endReasonBy } from './end-reason.js';
import type { Settings } from './options.js';
import { type Moment, momentAgo, passedSince } from './passed-time.js';
import { makeKey, thumbprintOf } from './proof.js';
import { type CurfewSignIn, isReturn, type ReturnedSignIn, signInAddress, takeReturn } from './sign-in.js';
import { type CurfewEndReason, type TabMessage, Tabs } from './tabs.js';
import {
  type BoundTokens,
  clocksIn,
  isSamePerson,
  isSpent,
  packed,
  type TokenSet,
  type ToldClocks,
  tokensIn,
  unpacked,
} from './tokens.js';
import { makeSeal, Vault, type VaultKeys } from './vault.js';

/** Milliseconds within which another tab answers, when this one finds nothing in the storage. */
const neighbourMs = 150;

/** Hears of everything that changes: a session, its clocks, its end. */
export interface KeeperListener {
  changed(): void;
  ended(reason: CurfewEndReason): void;
}

const isLater = (one: TokenSet, other: TokenSet | undefined): boolean =>
  !other || one.session !== other.session || one.turn > other.turn;

/**
 * Keeps the tokens of one client in all tabs of an origin. Whether a session stands is for the server alone to say; clocks of this device
 * only decide when it is asked.
 */
export class SessionKeeper {
  readonly server: AuthorizationServer;
  readonly #tabs: Tabs;
  readonly #vault: Vault;
  #keys: VaultKeys | undefined;
  #tokens: TokenSet | undefined;
  #clocks: ToldClocks | undefined;
  #checking: Promise<void> | undefined;
  /** Sessions that ended or were replaced: a late message or answer brings none of them back. */
  readonly #over = new Set<string>();

  constructor(
    private readonly settings: Settings,
    private readonly listener: KeeperListener,
  ) {
    const name = `curfew ${settings.issuer} ${settings.clientId}`;
    this.server = new AuthorizationServer(settings.issuer);
    this.#vault = new Vault(name);
    this.#tabs = new Tabs(name, settings.patience * 1000, (message) => this.#hear(message));
  }

  get tokens(): TokenSet | undefined {
    return this.#tokens;
  }

  /** The clocks as the server told them last. */
  get clocks(): ToldClocks | undefined {
    return this.#clocks?.session === this.#tokens?.session ? this.#clocks : undefined;
  }

  /**
   * Completes the sign-in that came back, or takes up what this origin still has. A return that failed, or that somebody forged, ends
   * nothing: its fault is thrown once the session is taken up. @throws CurfewError
   */
  async start(): Promise<void> {
    const returning = isReturn(this.settings) ? this.#complete() : undefined;
    const fault = await returning?.catch((error: Error) => error);
    if (!this.#tokens) await this.#takeUp();
    // Without an answer everything stands as it was, and the next look at the clocks asks again.
    if (this.#tokens) await this.check().catch(() => {});
    if (fault) throw fault;
  }

  /** The address of a sign-in by a key of its own: nothing that happens to a session or another sign-in meanwhile concerns it. */
  async signInAddress(options: CurfewSignIn): Promise<string> {
    const { authorization_endpoint: endpoint } = await this.server.metadata();
    const keys: VaultKeys = { proof: await makeKey(), seal: await makeSeal() };
    const state = randomText();
    await this.#vault.keepPending(state, keys);
    const thumbprint = await thumbprintOf(keys.proof);
    return signInAddress(endpoint, this.settings, options, { state, thumbprint });
  }

  /** Tokens that can be used; refreshed where they are spent, or are those that an API has refused. @throws CurfewError */
  async usable(refused?: TokenSet): Promise<BoundTokens> {
    const before = this.#tokens;
    if (!before) throw signedOut();
    const isGood = refused ? isLater(before, refused) : !isSpent(before);
    if (!isGood) await this.#refreshed(before);
    const [tokens, keys] = [this.#tokens, this.#keys];
    // The request of one person is not made as another one, who may have signed in meanwhile.
    if (!tokens || !keys || !isSamePerson(tokens, before)) throw signedOut();
    return { tokens, key: keys.proof };
  }

  /** Refreshes, which counts as activity under most policies. @throws CurfewError */
  async stay(): Promise<void> {
    if (!this.#tokens) throw signedOut();
    await this.#refreshed(this.#tokens);
  }

  /** Asks the server whether the session stands, and for its clocks. This is no activity (RFC 7662 with a proof of our key). @throws CurfewError */
  check(): Promise<void> {
    const since = momentAgo();
    this.#checking ??= this.#tabs
      .alone(() => this.#check(since))
      .finally(() => {
        this.#checking = undefined;
      });
    return this.#checking;
  }

  /** Gives the tokens back, in all tabs; the server ends the session (RFC 7009 §2.1). */
  async signOut(): Promise<void> {
    const tokens = await this.#newest();
    if (!tokens) return;
    await this.#revoke(tokens);
    await this.#end(tokens.session, 'signed_out');
  }

  /** The server may be out of reach; the person is signed out here all the same, and the page to which a sign-out leads asks it again. */
  async #revoke(tokens: TokenSet): Promise<void> {
    await this.server.post('revocation_endpoint', this.#naming(tokens)).catch(() => {});
  }

  /** The form of a question about a refresh token, or of its revocation (RFC 7662 §2.1, RFC 7009 §2.1). */
  #naming({ refreshToken: token }: TokenSet) {
    return { client_id: this.settings.clientId, token, token_type_hint: 'refresh_token' };
  }

  async #complete(): Promise<void> {
    const returned = takeReturn(this.settings);
    const keys = await this.#vault.takePending(returned.state);
    if (!keys) throw new CurfewError('unknown_sign_in', 'the key of that sign-in is gone');
    const replaced = await this.#tabs.alone(() => this.#redeem(returned, keys));
    // Nothing would use that session any more, or end it.
    if (replaced) await this.#revoke(replaced);
  }

  /** Begins the session of a sign-in. Resolves with the tokens of the one that it replaces. */
  async #redeem({ code, verifier, nonce }: ReturnedSignIn, keys: VaultKeys): Promise<TokenSet | undefined> {
    const { clientId: client_id, redirectUri: redirect_uri, issuer } = this.settings;
    const form = { grant_type: 'authorization_code', code, redirect_uri, code_verifier: verifier, client_id };
    const { status, body } = await this.server.post('token_endpoint', form, keys.proof);
    if (status !== 200) throw refusedBy(body);
    const tokens = tokensIn(body, randomText(), { issuer, clientId: client_id, nonce });
    const replaced = (await this.#vault.read()).tokens ?? this.#tokens;
    await this.#vault.keepTokens(tokens, keys, true);
    this.#adopt(tokens, keys);
    this.#tell(tokens, keys);
    if (replaced) this.#over.add(replaced.session);
    return replaced;
  }

  #refreshed(stale: TokenSet): Promise<void> {
    return this.#tabs.alone(async () => {
      const tokens = await this.#newest();
      if (tokens && !isLater(tokens, stale)) await this.#refresh(tokens);
    });
  }

  /** A tab that was frozen may find out in vain what another one has found out meanwhile. */
  async #refresh(tokens: TokenSet): Promise<void> {
    await this.#askForTokens(tokens).catch(async (error: unknown) => {
      const newest = await this.#newest();
      if (!newest || !isLater(newest, tokens)) throw error;
    });
  }

  async #askForTokens(tokens: TokenSet): Promise<void> {
    const { issuer, clientId } = this.settings;
    const keys = this.#keys;
    // The session may have ended, or another one begun, since this set was looked up.
    if (!keys || this.#tokens?.session !== tokens.session) return;
    const { refreshToken: refresh_token } = tokens;
    const form = { grant_type: 'refresh_token', refresh_token, client_id: clientId };
    const { status, body } = await this.server.post('token_endpoint', form, keys.proof);
    if (status !== 200) return this.#refused(tokens, body);
    const next = tokensIn(body, tokens.session, { issuer, clientId, before: tokens });
    // A tab that was frozen meanwhile may find that the others have gone on, or that the session is over.
    if (this.#tokens?.session !== next.session || !isLater(next, this.#tokens)) return;
    this.#adopt(next, keys);
    await this.#vault.keepTokens(next, keys);
    // An end that was heard meanwhile holds: nothing of the session is kept, and no tab is told of it.
    const isOver = this.#over.has(next.session);
    if (isOver) await this.#vault.clear(next.session);
    if (isOver || this.#tokens !== next) return;
    this.#tell(next, keys);
    await this.#askForClocks(next).catch(onlyUnavailable);
  }

  async #refused(tokens: TokenSet, body: Readonly<Record<string, unknown>>): Promise<void> {
    const reason = endReasonBy(String(body['error']), this.clocks);
    if (!reason) throw refusedBy(body);
    // Another tab may have gone on while this one was frozen: then it is the later set that counts.
    const newest = await this.#newest();
    if (newest && isLater(newest, tokens)) return;
    await this.#end(tokens.session, reason);
  }

  async #check(since: Moment): Promise<void> {
    const tokens = await this.#newest();
    const { clocks } = this;
    const isFresh = clocks && passedSince(clocks.at) < passedSince(since);
    // A token that is not active may be the predecessor of one whose answer was lost; a refresh tells, and ends nothing that stands.
    if (tokens && !isFresh && !(await this.#askForClocks(tokens))) await this.#refresh(tokens);
  }

  /** False where the server says that this token is not the live one of a session that stands. */
  async #askForClocks(tokens: TokenSet): Promise<boolean> {
    const form = this.#naming(tokens);
    const { status, body } = await this.server.post('introspection_endpoint', form, this.#keys?.proof);
    // A refusal of the client itself, such as one that was disabled: a refresh would be refused alike.
    if (status !== 200) return this.#refused(tokens, body).then(() => true);
    const clocks = clocksIn(body, tokens.session);
    if (!clocks) return false;
    this.#clocks = clocks;
    await this.#vault.keepClocks(clocks);
    this.#tabs.tell({ kind: 'clocks', clocks: packed(clocks) });
    this.listener.changed();
    return true;
  }

  /** The latest set of all tabs: a message may still be on its way, but the storage is written before the next tab comes in. */
  async #newest(): Promise<TokenSet | undefined> {
    const { keys, tokens } = await this.#vault.read();
    if (this.#tokens && keys && tokens && isLater(tokens, this.#tokens)) this.#adopt(tokens, keys);
    return this.#tokens;
  }

  /** From the storage, or from another tab where there is nothing. */
  async #takeUp(): Promise<void> {
    const { keys, tokens, clocks } = await this.#vault.read();
    if (keys && tokens) {
      if (!this.#tokens) this.#adopt(tokens, keys);
      this.#clocks ??= clocks;
      return;
    }
    this.#tabs.tell({ kind: 'ask' });
    await new Promise((resolve) => setTimeout(resolve, neighbourMs));
  }

  #adopt(tokens: TokenSet, keys: VaultKeys): void {
    const before = this.#tokens;
    if (this.#over.has(tokens.session)) return;
    if (before && !isSamePerson(before, tokens)) this.#forget(before.session, 'another_person');
    this.#tokens = tokens;
    this.#keys = keys;
    this.listener.changed();
  }

  async #end(session: string, reason: CurfewEndReason): Promise<void> {
    this.#over.add(session);
    this.#tabs.tell({ kind: 'ended', session, reason });
    await this.#vault.clear(session);
    this.#forget(session, reason);
  }

  #forget(session: string, reason: CurfewEndReason): void {
    if (this.#tokens?.session !== session) return;
    this.#tokens = undefined;
    this.#keys = undefined;
    this.#clocks = undefined;
    this.listener.ended(reason);
  }

  #tell(tokens: TokenSet, keys: VaultKeys): void {
    this.#tabs.tell({ kind: 'tokens', tokens: packed(tokens), keys });
  }

  #hear(message: TabMessage): void {
    if (message.kind === 'ask' && this.#tokens && this.#keys) this.#tell(this.#tokens, this.#keys);
    if (message.kind === 'ended') {
      this.#over.add(message.session);
      this.#forget(message.session, message.reason);
    }
    if (message.kind === 'tokens') {
      const tokens = unpacked<TokenSet>(message.tokens);
      if (isLater(tokens, this.#tokens)) this.#adopt(tokens, message.keys);
    }
    if (message.kind === 'clocks') {
      this.#clocks = unpacked<ToldClocks>(message.clocks);
      this.listener.changed();
    }
  }
}
