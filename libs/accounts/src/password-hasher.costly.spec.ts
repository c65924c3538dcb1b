import { defaultHashing, PasswordHasher } from './password-hasher.js';
import { HashingOverloaded } from './work-queue.js';

const cheap = { memoryCost: 64, timeCost: 1 };

describe('password hashes', () => {
  it('are argon2id with the parameters OWASP asks for', async () => {
    const hash = await new PasswordHasher().hash('correct horse');
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  });

  it('tell the right password from every other, to the last byte', async () => {
    const hasher = new PasswordHasher(cheap);
    const long = `${'x'.repeat(1023)}y`;
    const hash = await hasher.hash(long);
    expect(await hasher.verify(hash, long)).toBe(true);
    expect(await hasher.verify(hash, `${'x'.repeat(1023)}z`)).toBe(false);
    expect(await hasher.verify(await hasher.hash('a\u0000b-and-more'), 'a\u0000c-and-more')).toBe(false);
    expect(await hasher.verify(await hasher.hash('e\u0301-combined'), '\u00e9-combined')).toBe(false);
  });

  it('are computed for nobody too, at the same cost', async () => {
    const hasher = new PasswordHasher({ memoryCost: 32_768, timeCost: 2 });
    const hash = await hasher.hash('correct horse');
    const timed = async (work: () => Promise<boolean>): Promise<number> => {
      const started = performance.now();
      expect(await work()).toBe(false);
      return performance.now() - started;
    };
    const [real, decoy]: [number[], number[]] = [[], []];
    for (let round = 0; round < 7; round += 1) {
      real.push(await timed(() => hasher.verify(hash, 'wrong')));
      decoy.push(await timed(() => hasher.verifyNothing('wrong')));
    }
    const median = (times: number[]) => times.sort((a, b) => a - b)[3] ?? 0;
    expect(median(decoy) / median(real)).toBeGreaterThan(0.5);
    expect(median(decoy) / median(real)).toBeLessThan(2);
    expect(hasher.computed).toBe(15);
  });

  it('are outdated when the parameters have changed', async () => {
    const hash = await new PasswordHasher(cheap).hash('correct horse');
    expect(new PasswordHasher(cheap).isOutdated(hash)).toBe(false);
    expect(new PasswordHasher({ ...cheap, timeCost: 2 }).isOutdated(hash)).toBe(true);
    expect(new PasswordHasher(cheap).isOutdated('$2b$10$abcdefghijklmnopqrstuv')).toBe(true);
  });

  it('are refused when too many wait', async () => {
    const hasher = new PasswordHasher({ ...cheap, concurrency: 1, queue: 3 });
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => hasher.hash('correct horse')));
    const refused = results.filter((one) => one.status === 'rejected');
    expect(refused).toHaveLength(16);
    for (const one of refused) expect(one.reason).toBeInstanceOf(HashingOverloaded);
  });

  it('never take more than half of the thread pool they share with signatures', () => {
    expect(defaultHashing(4).concurrency).toBeLessThanOrEqual(2);
    expect(defaultHashing(1).concurrency).toBe(1);
  });

  it('leave the event loop free while they are computed', async () => {
    const hasher = new PasswordHasher();
    let ticks = 0;
    const timer = setInterval(() => {
      ticks += 1;
    }, 2);
    await Promise.all(Array.from({ length: 6 }, () => hasher.hash('correct horse')));
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(3);
  });
});
