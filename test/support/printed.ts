import { setTimeout as pause } from 'node:timers/promises';

/** Something that prints lines: a server, a gateway, a proxy. */
interface Printing {
  output(): string;
}

/**
 * The first whole line that a process prints with each of these texts in it. A line may come after the answer it is about: a request is
 * logged when its connection has let the answer go.
 */
export async function printedLine(from: Printing, ...texts: readonly string[]): Promise<string> {
  const deadline = performance.now() + 5_000;
  while (performance.now() < deadline) {
    const whole = from.output().split('\n').slice(0, -1);
    const line = whole.find((one) => texts.every((text) => one.includes(text)));
    if (line !== undefined) return line;
    await pause(20);
  }
  throw new Error(`nothing was printed with ${texts.join(' and ')}`);
}
