export declare function progress(
  print: (line: string) => void,
  intervalMs?: number,
): { say(step: string): void; done(): void };
