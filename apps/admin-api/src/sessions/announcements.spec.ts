import { Announcements } from './announcements.js';

describe('announcements that operations wait for', () => {
  it('leave when their operation is answered, whether it announced anything, was heard, or failed', async () => {
    const announcements = new Announcements();
    const does = (n: number) =>
      announcements.during(
        `end ${n % 10}`,
        async () => {
          if (n % 3 === 0) throw new RangeError('not carried out');
          if (n % 3 === 1) announcements.heard(`end ${n % 10}`);
        },
        () => n % 3 === 1,
      );
    const all = Array.from({ length: 60 }, (_, n) => does(n));
    expect(announcements.size).toBe(10);
    await Promise.allSettled(all);
    expect(announcements.size).toBe(0);
  });
});
