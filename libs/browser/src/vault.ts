import { wallNow } from './passed-time.js';
import { type Portable, packed, type TokenSet, type ToldClocks, unpacked } from './tokens.js';

const store = 'session';
/** The records of the session that stands. */
const recordNames = ['keys', 'tokens', 'clocks'];
const algorithm = 'AES-GCM';
/** Milliseconds after which a sign-in that never came back is forgotten. */
const pendingMs = 86_400_000;

/** The keys of one sign-in and its session: neither can be read by a script, both can be used by one. */
export interface VaultKeys {
  readonly proof: CryptoKeyPair;
  readonly seal: CryptoKey;
}

/** Everything that is kept. */
export interface Kept {
  readonly keys?: VaultKeys;
  readonly tokens?: TokenSet;
  readonly clocks?: ToldClocks;
}

interface SealedTokens {
  readonly session: string;
  readonly turn: number;
  readonly iv: Uint8Array<ArrayBuffer>;
  readonly sealed: ArrayBuffer;
  readonly wall: number;
}

/** The keys of a sign-in that has not come back yet. */
interface PendingKeys {
  readonly keys: VaultKeys;
  readonly wall: number;
}

type KeptClocks = Portable<ToldClocks> & { readonly wall: number };

const pendingAt = (state: string) => `sign-in ${state}`;

const done = <Result>(request: IDBRequest<Result>): Promise<Result> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** A key with which tokens are sealed, so that no copy of the storage shows one. */
export const makeSeal = (): Promise<CryptoKey> =>
  crypto.subtle.generateKey({ name: algorithm, length: 256 }, false, ['encrypt', 'decrypt']);

/**
 * The storage of one client in IndexedDB: keys that cannot be exported, tokens sealed with one of them, and the clocks. It is opened for
 * each use, so that somebody may delete it at any time.
 */
export class Vault {
  constructor(private readonly name: string) {}

  /** Everything that is there and can be read; nothing where there is no storage. */
  async read(): Promise<Kept> {
    try {
      return await this.#within('readonly', async (session) => {
        const [keys, tokens, clocks] = await Promise.all(recordNames.map((name) => done(session.get(name))));
        return { keys, tokens, clocks };
      }).then(opened);
    } catch {
      return {};
    }
  }

  /** Keeps the keys of a sign-in that begins, apart from those of every other one; forgets those that never came back. */
  async keepPending(state: string, keys: VaultKeys): Promise<void> {
    const now = wallNow();
    const record: PendingKeys = { keys, wall: now };
    const pending = IDBKeyRange.bound(pendingAt(''), pendingAt('\uffff'));
    await this.#within('readwrite', async (session) => {
      session.put(record, pendingAt(state));
      const [names, records] = await Promise.all([
        done(session.getAllKeys(pending)),
        done<PendingKeys[]>(session.getAll(pending)),
      ]);
      const isOld = (_: unknown, index: number) => Math.abs(now - records[index]!.wall) > pendingMs;
      await Promise.all(names.filter(isOld).map((name) => done(session.delete(name))));
    });
  }

  /** Takes the keys of a sign-in that came back; undefined where they are gone. */
  async takePending(state: string): Promise<VaultKeys | undefined> {
    return this.#within('readwrite', async (session) => {
      const record: PendingKeys | undefined = await done(session.get(pendingAt(state)));
      await done(session.delete(pendingAt(state)));
      return record?.keys;
    }).catch(() => undefined);
  }

  /** Keeps a set with its keys, unless a later one of its session or, where `begins` is not said, another session is there. */
  async keepTokens(tokens: TokenSet, keys: VaultKeys, begins = false): Promise<void> {
    const record = await sealedBy(keys.seal, tokens);
    await this.#within('readwrite', async (session) => {
      const there: SealedTokens | undefined = await done(session.get('tokens'));
      const isOvertaken = there && (there.session !== tokens.session || there.turn > tokens.turn);
      if (isOvertaken && !begins) return;
      session.put(keys, 'keys');
      await done(session.put(record, 'tokens'));
    }).catch(noStorage);
  }

  /** Keeps the clocks. */
  async keepClocks(clocks: ToldClocks): Promise<void> {
    const record: KeptClocks = { ...packed(clocks), wall: wallNow() };
    await this.#within('readwrite', (session) => done(session.put(record, 'clocks'))).catch(noStorage);
  }

  /** Removes everything of a session, unless another one has begun meanwhile. Sign-ins that have not come back keep their keys. */
  async clear(of: string): Promise<void> {
    await this.#within('readwrite', async (session) => {
      const there: SealedTokens | undefined = await done(session.get('tokens'));
      if (!there || there.session === of)
        await Promise.all(recordNames.map((name) => done(session.delete(name))));
    }).catch(noStorage);
  }

  async #within<Result>(
    mode: IDBTransactionMode,
    work: (session: IDBObjectStore) => Promise<Result>,
  ): Promise<Result> {
    const opening = indexedDB.open(this.name, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(store);
    const database = await done(opening);
    try {
      return await work(database.transaction(store, mode).objectStore(store));
    } finally {
      database.close();
    }
  }
}

/** The memory of the tabs is enough while storage fails; a page that is loaded again then asks the other tabs. */
const noStorage = () => {};

async function sealedBy(seal: CryptoKey, tokens: TokenSet): Promise<SealedTokens> {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const plain = new TextEncoder().encode(JSON.stringify(packed(tokens)));
  const sealed = await crypto.subtle.encrypt({ name: algorithm, iv }, seal, plain);
  return { session: tokens.session, turn: tokens.turn, iv, sealed, wall: wallNow() };
}

interface KeptRecords {
  readonly keys?: VaultKeys;
  readonly tokens?: SealedTokens;
  readonly clocks?: KeptClocks;
}

async function opened({ keys, tokens, clocks }: KeptRecords): Promise<Kept> {
  if (!keys || !tokens) return keys ? { keys } : {};
  const { iv, sealed, wall } = tokens;
  const plain = await crypto.subtle.decrypt({ name: algorithm, iv }, keys.seal, sealed);
  const since = (kept: number, passed: number) => passed + Math.max(0, wallNow() - kept);
  const set = JSON.parse(new TextDecoder().decode(plain)) as Portable<TokenSet>;
  return {
    keys,
    tokens: unpacked<TokenSet>({ ...set, passed: since(wall, set.passed) }),
    ...(clocks && { clocks: unpacked<ToldClocks>({ ...clocks, passed: since(clocks.wall, clocks.passed) }) }),
  };
}
