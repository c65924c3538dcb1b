import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';

/** The blocks a reader pastes, in order: every bash block between two places of a page. */
export const blocksBetween = (page: string, from: string, to: string): string[] =>
  [...page.slice(page.indexOf(from), page.indexOf(to)).matchAll(/```bash\n([\s\S]*?)```/g)].map(([, block]) =>
    String(block),
  );

/** A terminal in which blocks are pasted one after the other. */
export class Terminal {
  private readonly shell: ChildProcessWithoutNullStreams;
  private printed = '';
  private pasted = 0;

  constructor(folder: string) {
    this.shell = spawn('bash', ['--noprofile', '--norc'], {
      cwd: folder,
      detached: true, // a group of its own, so that what was pasted goes when the terminal does
      // The notice of a newer npm is none of the answers.
      env: { PATH: process.env['PATH'] ?? '', HOME: folder, npm_config_update_notifier: 'false' },
    });
    for (const stream of [this.shell.stdout, this.shell.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.printed += text;
      });
    }
  }

  /** Pastes a block; resolves with what it prints until the prompt is back. `meanwhile` acts on what is printed so far. */
  async paste(
    block: string,
    meanwhile?: { on: RegExp; act: (found: string) => Promise<unknown> },
  ): Promise<string> {
    this.printed = '';
    const prompt = `pasted block ${++this.pasted}`;
    this.shell.stdin.write(`${block}\necho "${prompt}"\n`);
    let waitingFor = meanwhile;
    const deadline = performance.now() + 20_000;
    while (!this.printed.includes(prompt)) {
      if (performance.now() > deadline)
        throw new Error(`no prompt after:\n${block}\nprinted:\n${this.printed}`);
      const found = waitingFor?.on.exec(this.printed)?.[1];
      if (waitingFor !== undefined && found !== undefined) {
        const { act } = waitingFor;
        waitingFor = undefined;
        await act(found);
      }
      await new Promise((done) => setTimeout(done, 20));
    }
    return this.printed.replace(prompt, '').trim();
  }

  /** Waits until something is printed that fits, by what runs in the background; resolves with the first group of it. */
  async untilPrinted(pattern: RegExp): Promise<string> {
    const deadline = performance.now() + 20_000;
    for (;;) {
      const found = pattern.exec(this.printed)?.[1];
      if (found !== undefined) return found;
      if (performance.now() > deadline) throw new Error(`no ${pattern} in:\n${this.printed}`);
      await new Promise((done) => setTimeout(done, 20));
    }
  }

  close(): void {
    try {
      process.kill(-this.shell.pid!, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

/** What was printed, without empty lines. */
export const lines = (printed: string): string[] => printed.split('\n').filter((line) => line.trim() !== '');
