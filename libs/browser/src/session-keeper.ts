import { AuthorizationServer } from './authorization-server.js';
import { CurfewError } from './curfew-error.js';
import { randomText } from './encoding.js';
import type { Settings } from './options.js';
import { type Moment, momentAgo, passedSince } from './passed-time.js';
import { makeKey, thumbprintOf } from './proof.js';
import { type CurfewSignIn, isReturn, signInAddress, takeReturn } from './sign-in.js';
import { type CurfewEndReason, type TabMessage, Tabs } from './tabs.js';
import { clocksIn, isSpent, packed, type TokenSet, type ToldClocks, tokensIn, unpacked } from './tokens.js';
import { makeSeal, Vault, type VaultKeys } from './vault.js';

/** Milliseconds within which another tab answers, when this one finds nothing in the storage. */
const neighbourMs = 150;
/** The server tells whole seconds, and its answer takes a moment, so a clock may have run out there by this much earlier. */
const roundingMs = 2_000;

const overByError: Readonly<Record<string, CurfewEndReason | 'by_clocks'>> = {
  invalid_grant: 'by_clocks',
  invalid_client: 'ended_elsewhere',
  unauthorized_client: 'ended_elsewhere',
  insufficient_user_authentication: 'proof_required',
  login_required: 'proof_required',
};

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

  get key(): CryptoKeyPair | undefined {
    return this.#keys?.proof;
  }

  /** The clocks as the server told them last. */
  get clocks(): ToldClocks | undefined {
    return this.#clocks?.session === this.#tokens?.session ? this.#clocks : undefined;
  }

  /** Completes the sign-in that came back, or takes up what this origin still has. @throws CurfewError */
  async start(): Promise<void> {
    if (isReturn(this.settings)) return this.#complete();
    const { keys, tokens, clocks } = await this.#vault.read();
    if (keys && tokens) {
      if (!this.#tokens) this.#adopt(tokens, keys);
      this.#clocks ??= clocks;
    } else await this.#askOtherTabs();
    if (this.#tokens) await this.check().catch(onlyUnavailable);
  }

  /** The address of a sign-in by the key of this origin, which is made where there is none. */
  async signInAddress(options: CurfewSignIn): Promise<string> {
    const { authorization_endpoint: endpoint } = await this.server.metadata();
    const keys = this.#keys ??
      (await this.#vault.read()).keys ?? { proof: await makeKey(), seal: await makeSeal() };
    await this.#vault.keepKeys(keys);
    return signInAddress(endpoint, this.settings, options, await thumbprintOf(keys.proof));
  }

  /** Tokens that can be used; refreshed where they are spent, or are those that an API has refused. @throws CurfewError */
  async usable(refused?: TokenSet): Promise<TokenSet> {
    const tokens = this.#tokens;
    if (!tokens) throw signedOut();
    if (refused ? isLater(tokens, refused) : !isSpent(tokens)) return tokens;
    await this.#refreshed(tokens);
    if (!this.#tokens) throw signedOut();
    return this.#tokens;
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
    const { clientId: client_id } = this.settings;
    const given = { client_id, token: tokens.refreshToken, token_type_hint: 'refresh_token' };
    // The person is signed out here even if the server cannot be reached; the page to which this leads asks it again.
    await this.server.post('revocation_endpoint', given).catch(() => {});
    await this.#end(tokens.session, 'signed_out');
  }

  async #complete(): Promise<void> {
    const { code, verifier, nonce } = takeReturn(this.settings);
    const { clientId: client_id, redirectUri: redirect_uri, issuer } = this.settings;
    const { keys } = await this.#vault.read();
    if (!keys) throw new CurfewError('unknown_sign_in', 'the key of that sign-in is gone');
    const form = { grant_type: 'authorization_code', code, redirect_uri, code_verifier: verifier, client_id };
    const { status, body } = await this.server.post('token_endpoint', form, keys.proof);
    if (status !== 200) throw refusedBy(body);
    const tokens = tokensIn(body, randomText(), { issuer, clientId: client_id, nonce });
    await this.#vault.keepTokens(tokens, keys, true);
    this.#adopt(tokens, keys);
    this.#tell(tokens, keys);
    await this.check().catch(onlyUnavailable);
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
    const keys = this.#keys!;
    const form = {
      grant_type: 'refresh_token',
      refresh_token: tokens.refreshToken,
      client_id: clientId,
    };
    const { status, body } = await this.server.post('token_endpoint', form, keys.proof);
    if (status !== 200) return this.#refused(tokens, body);
    const next = tokensIn(body, tokens.session, { issuer, clientId, before: tokens });
    // A tab that was frozen meanwhile may find that the others have gone on, or that the session is over.
    if (this.#tokens?.session !== next.session || !isLater(next, this.#tokens)) return;
    this.#adopt(next, keys);
    await this.#vault.keepTokens(next, keys);
    this.#tell(next, keys);
    await this.#askForClocks(next).catch(onlyUnavailable);
  }

  async #refused(tokens: TokenSet, body: Readonly<Record<string, unknown>>): Promise<void> {
    const reason = overByError[String(body['error'])];
    if (!reason) throw refusedBy(body);
    // Another tab may have gone on while this one was frozen: then it is the later set that counts.
    const newest = await this.#newest();
    if (newest && isLater(newest, tokens)) return;
    await this.#end(tokens.session, reason === 'by_clocks' ? this.#reasonByClocks() : reason);
  }

  async #check(since: Moment): Promise<void> {
    const tokens = await this.#newest();
    const { clocks } = this;
    const isFresh = clocks && passedSince(clocks.at) < passedSince(since);
    // A token that is not active may be the predecessor of one whose answer was lost; a refresh tells, and ends nothing that stands.
    if (tokens && !isFresh && !(await this.#askForClocks(tokens))) await this.#refresh(tokens);
  }

  /** False where the server says that this token is not the live one of a session that stands. */
  async #askForClocks({ refreshToken, session }: TokenSet): Promise<boolean> {
    const form = {
      client_id: this.settings.clientId,
      token: refreshToken,
      token_type_hint: 'refresh_token',
    };
    const { status, body } = await this.server.post('introspection_endpoint', form, this.key);
    if (status !== 200) throw refusedBy(body);
    const clocks = clocksIn(body, session);
    if (!clocks) return false;
    this.#clocks = clocks;
    await this.#vault.keepClocks(clocks);
    this.#tabs.tell({ kind: 'clocks', clocks: packed(clocks) });
    this.listener.changed();
    return true;
  }

  #reasonByClocks(): CurfewEndReason {
    const { clocks } = this;
    if (!clocks) return 'ended_elsewhere';
    const passed = passedSince(clocks.at) + roundingMs;
    if (passed >= clocks.absolute) return 'absolute_lifetime';
    return passed >= clocks.idle ? 'inactivity_timeout' : 'ended_elsewhere';
  }

  /** The latest set of all tabs: a message may still be on its way, but the storage is written before the next tab comes in. */
  async #newest(): Promise<TokenSet | undefined> {
    const { keys, tokens } = await this.#vault.read();
    if (this.#tokens && keys && tokens && isLater(tokens, this.#tokens)) this.#adopt(tokens, keys);
    return this.#tokens;
  }

  async #askOtherTabs(): Promise<void> {
    this.#tabs.tell({ kind: 'ask' });
    await new Promise((resolve) => setTimeout(resolve, neighbourMs));
  }

  #adopt(tokens: TokenSet, keys: VaultKeys): void {
    this.#tokens = tokens;
    this.#keys = keys;
    this.listener.changed();
  }

  async #end(session: string, reason: CurfewEndReason): Promise<void> {
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
    if (message.kind === 'ended') this.#forget(message.session, message.reason);
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

const signedOut = () => new CurfewError('signed_out', 'nobody is signed in');

const refusedBy = ({ error, error_description: description }: Readonly<Record<string, unknown>>) =>
  new CurfewError(
    String(error ?? 'unexpected_answer'),
    String(description ?? 'the authorization server refused'),
  );

/** A server that cannot be asked ends nothing, and the session goes on until it can. */
function onlyUnavailable(error: unknown): void {
  if (!(error instanceof CurfewError && error.code === 'unavailable')) throw error;
}
