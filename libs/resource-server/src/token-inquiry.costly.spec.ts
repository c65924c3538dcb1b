import { jest } from '@jest/globals';
import type { FeedFollower } from './feed/follower.js';
import type { AuthorizationServer, Question } from './http/authorization-server.js';
import { ServerClock } from './server-clock.js';
import { TokenInquiry } from './token-inquiry.js';
import { VerdictCache } from './verdict-cache.js';

/** An inquiry at an authorization server that knows no token, with the questions that reach it. */
function asking() {
  const asked: Question[] = [];
  const server = {
    introspect: async (questions: readonly Question[]) => {
      asked.push(...questions);
      return questions.map(() => ({ active: false }));
    },
  } as unknown as AuthorizationServer;
  const inquiry = new TokenInquiry({
    server,
    clock: new ServerClock(),
    cache: new VerdictCache(10),
    feed: { trusted: () => false } as unknown as FeedFollower,
    jwts: undefined,
    limits: { cacheForMs: 10_000, maxPerQuestion: 100 },
  });
  return { asked, about: (token: string) => inquiry.about(token, {}) };
}

describe('tokens that were inactive', () => {
  // Ten thousand questions may take a busy machine longer than the while.
  beforeEach(() => {
    jest.spyOn(performance, 'now').mockReturnValue(1_000);
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('are ten thousand that nobody is asked about again for a while; of one more the oldest is', async () => {
    const { asked, about } = asking();
    await Promise.all(Array.from({ length: 10_000 }, (_, n) => about(`token ${n}`)));
    expect(asked).toHaveLength(10_000);
    await Promise.all(['token 0', 'token 9999'].map(about));
    expect(asked).toHaveLength(10_000);
    await about('one more');
    await about('token 1');
    expect(asked).toHaveLength(10_001);
    await about('token 0');
    expect(asked.at(-1)?.token).toBe('token 0');
  });
});

describe('a question', () => {
  it('is asked once for all who wait for it, and leaves with its answer', async () => {
    const { asked, about } = asking();
    await Promise.all(Array.from({ length: 50 }, () => about('token')));
    expect(asked).toHaveLength(1);
  });
});
