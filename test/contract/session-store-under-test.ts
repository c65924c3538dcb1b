import { randomBytes, randomUUID } from 'node:crypto';
import { type Instant, instant, plus, seconds, unknownSignals } from '@curfew/session-policy';
import { type SessionStore, type StoredSession, type SweepStore } from '@curfew/sessions/store';
import { newId } from '@curfew/tokens';
import { storedAtStart } from '../../libs/sessions/src/store/session-columns.js';

/** A recorded event, as far as these tests look at it. */
export interface SeenEvent {
  readonly type: string;
  readonly sessionId: string | null;
  readonly accountId: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A store to be tested: `other` is the same store as a second node sees it. */
export interface StoreUnderTest {
  readonly store: SessionStore;
  readonly other: SessionStore;
  readonly sweep: SweepStore;
  readonly otherSweep: SweepStore;
  events(): Promise<readonly SeenEvent[]>;
  /** Runs after each test. */
  check(): Promise<void>;
  close(): Promise<void>;
}

export const t0 = instant(Date.UTC(2030, 0, 1));
export const t = (count: number): Instant => plus(t0, seconds(count));
export const alone = async () => {};
export const unlimited = { most: null, whenFull: 'end_oldest' } as const;
export const parallel = <T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)));

/** Like the hash of a secret: no two are the same. */
export const hashStartingWith = (first: number): Buffer => Buffer.concat([Buffer.of(first), randomBytes(31)]);

/** A session as it is started: idle 1,800 s, absolute 43,200 s. */
export function aSession(overrides: Partial<StoredSession> = {}): StoredSession {
  const signedInAt = overrides.signedInAt ?? t0;
  return {
    id: newId(signedInAt),
    accountId: randomUUID(),
    clientId: `client-${randomUUID()}`,
    browserSessionUid: null,
    offline: false,
    resources: ['https://orders.example.test'],
    authorization: { scope: 'openid' },
    baseline: unknownSignals,
    signedInAt,
    authenticatedAt: null,
    startedAt: signedInAt,
    lastActiveAt: signedInAt,
    inactivityTimeout: seconds(1800),
    absoluteDeadline: plus(signedInAt, seconds(43_200)),
    expiresAt: plus(signedInAt, seconds(1800)),
    ...storedAtStart,
    keyThumbprint: null,
    tokenHash: hashStartingWith(1),
    ...overrides,
  };
}

/** A store that is opened once for the tests of a block, checked after each and closed after the last, and what they do with it. */
export function storeUnder(open: () => Promise<StoreUnderTest>) {
  let opened: StoreUnderTest;
  beforeAll(async () => {
    opened = await open();
  });
  afterEach(() => opened.check());
  afterAll(() => opened?.close());
  return {
    get opened() {
      return opened;
    },
    get store(): SessionStore {
      return opened.store;
    },
    both: (index: number) => (index % 2 === 0 ? opened.store : opened.other),
    start: async (overrides: Partial<StoredSession> = {}) => {
      const session = aSession(overrides);
      await opened.store.start(session, unlimited, alone);
      return session;
    },
    read: async (id: string) => (await opened.store.read(id))!.session,
  };
}
