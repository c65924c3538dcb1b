import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { HashingOverloaded, HashingProcess, type HashingProcessEnd } from '@curfew/accounts';

const script = path.resolve('libs/accounts/dist/hashing/hashing-main.js');
const cost = { memoryCost: 64, timeCost: 1, parallelism: 1 };
const running: HashingProcess[] = [];
/** The ends of the processes of one test; a process of the one before may end later. */
let ends: HashingProcessEnd[] = [];
let folder: string;

const open = (options: { script?: string; patienceMs?: number } = {}): HashingProcess => {
  const own = ends;
  const hashing = new HashingProcess({
    concurrency: 2,
    onEnd: (end) => own.push(end),
    script,
    ...options,
  });
  running.push(hashing);
  return hashing;
};
const linux = process.platform === 'linux' ? it : it.skip;
/** As the kernel numbers them (sched(7)); the 41st field of /proc/<pid>/stat. */
const policy = { other: 0, idle: 5 };
const everyThread = async (pid: number, wanted: number): Promise<void> => {
  for (const until = performance.now() + 10_000; ; ) {
    const found = readdirSync(`/proc/${pid}/task`).map((thread) => {
      const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[38]);
    });
    if (found.every((one) => one === wanted)) return;
    if (performance.now() > until) throw new Error(`threads have policies ${found}, not ${wanted}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
const gone = async (pid: number): Promise<void> => {
  for (const until = performance.now() + 20_000; isAlive(pid); ) {
    if (performance.now() > until) throw new Error(`process ${pid} is still there`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'curfew-hashing-'));
});
beforeEach(() => {
  ends = [];
});
afterAll(async () => {
  await Promise.all(running.map((hashing) => hashing.stop()));
  rmSync(folder, { recursive: true, force: true });
});

describe('the process that hashes passwords', () => {
  it('hashes as this process would, any password there is', async () => {
    const hashing = open();
    for (const password of ['correct horse', 'a\u0000b', 'e\u0301', 'lone \ud800', 'x'.repeat(1024)]) {
      const hash = await hashing.hash(password, cost);
      expect(hash).toMatch(/^\$argon2id\$v=19\$m=64,t=1,p=1\$/);
      expect(await hashing.verify(hash, password)).toBe(true);
      expect(await hashing.verify(hash, `${password}.`)).toBe(false);
    }
    await expect(hashing.verify('no hash', 'correct horse')).rejects.toThrow();
    expect(ends).toEqual([]);
  });

  linux('has every thread behind other work, and neither secrets nor settings around it', async () => {
    process.env['CURFEW_KEY_ENCRYPTION_SECRETS'] = 'secret-of-the-test'.repeat(3);
    const hashing = open();
    await hashing.hash('a-very-telling-password', cost);
    delete process.env['CURFEW_KEY_ENCRYPTION_SECRETS'];
    const proc = `/proc/${hashing.pid}`;
    const nice = readdirSync(`${proc}/task`).map((thread) => {
      const stat = readFileSync(`${proc}/task/${thread}/stat`, 'utf8');
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
    });
    expect(nice.length).toBeGreaterThan(2);
    expect(new Set(nice)).toEqual(new Set([Math.max(10, os.getPriority())]));
    const seen = readFileSync(`${proc}/environ`, 'utf8') + readFileSync(`${proc}/cmdline`, 'utf8');
    expect(seen).not.toContain('CURFEW_');
    expect(seen).not.toContain('telling');
  });

  linux(
    'stands behind all other work after a while, except after a hash that had to wait too long',
    async () => {
      const hashing = open();
      const quick = () => hashing.hash('correct horse', cost);
      await quick();
      await everyThread(hashing.pid!, policy.other);
      await new Promise((resolve) => setTimeout(resolve, 10_100));
      await quick();
      await everyThread(hashing.pid!, policy.idle);
      const waited = hashing.hash('correct horse', { memoryCost: 65_536, timeCost: 3, parallelism: 1 });
      await new Promise((resolve) => setTimeout(resolve, 30));
      process.kill(hashing.pid!, 'SIGSTOP');
      await new Promise((resolve) => setTimeout(resolve, 600));
      process.kill(hashing.pid!, 'SIGCONT');
      await waited;
      await everyThread(hashing.pid!, policy.other);
      await quick();
      await everyThread(hashing.pid!, policy.other);
      expect(ends).toEqual([]);
    },
    40_000,
  );

  it('is replaced when it is killed, and no question is lost', async () => {
    const hashing = open();
    const hash = await hashing.hash('correct horse', { memoryCost: 32_768, timeCost: 2, parallelism: 1 });
    const first = hashing.pid!;
    const asked = Array.from({ length: 4 }, () => hashing.verify(hash, 'correct horse'));
    process.kill(first, 'SIGKILL');
    expect(await Promise.all(asked)).toEqual([true, true, true, true]);
    expect(ends).toEqual([{ code: null, signal: 'SIGKILL', waiting: 4 }]);
    expect(hashing.pid).not.toBe(first);
  });

  linux('is replaced when it is there and says nothing', async () => {
    // Long enough for the next one to start and to answer.
    const hashing = open({ patienceMs: 5_000 });
    const hash = await hashing.hash('correct horse', cost);
    process.kill(hashing.pid!, 'SIGSTOP');
    expect(await hashing.verify(hash, 'correct horse')).toBe(true);
    expect(ends).toMatchObject([{ signal: 'SIGKILL', waiting: 1 }]);
  });

  it('is given up for a password at which it ended twice, and tried again for the next', async () => {
    const broken = path.join(folder, 'broken.mjs');
    writeFileSync(broken, 'process.exit(3);');
    const hashing = open({ script: broken });
    await expect(hashing.hash('correct horse', cost)).rejects.toThrow(HashingOverloaded);
    await expect(hashing.hash('correct horse', cost)).rejects.toThrow(HashingOverloaded);
    expect(ends.length).toBeGreaterThanOrEqual(3);
    expect(ends[0]).toEqual({ code: 3, signal: null, waiting: 1 });
  });

  it('refuses what waits when it is stopped, and leaves nothing running', async () => {
    const hashing = open();
    await hashing.hash('correct horse', cost);
    const pid = hashing.pid!;
    const waiting = hashing.hash('x', { memoryCost: 65_536, timeCost: 3, parallelism: 1 });
    const refused = expect(waiting).rejects.toThrow(HashingOverloaded);
    await hashing.stop();
    await refused;
    await expect(hashing.hash('x', cost)).rejects.toThrow(HashingOverloaded);
    await gone(pid);
    expect(ends).toEqual([]);
  });

  it('ends with whoever started it, even by kill -9', async () => {
    const starter = path.join(folder, 'starter.mjs');
    const accounts = pathToFileURL(path.resolve('libs/accounts/dist/index.js')).href;
    writeFileSync(
      starter,
      `import { HashingProcess } from '${accounts}';
       const hashing = new HashingProcess({ concurrency: 1 });
       await hashing.hash('correct horse', ${JSON.stringify(cost)});
       process.stdout.write(String(hashing.pid), () => process.kill(process.pid, 'SIGKILL'));`,
    );
    let printed = '';
    try {
      execFileSync(process.execPath, [starter], { encoding: 'utf8' });
    } catch (error) {
      printed = String((error as { stdout?: string }).stdout);
    }
    expect(Number(printed)).toBeGreaterThan(1);
    await gone(Number(printed));
  });
});
