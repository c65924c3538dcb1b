import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Answer {
  readonly headers: unknown;
  readonly order: unknown;
}

/** The responses to the requests of a case, and the rows and events that they left behind. */
export interface Outcome {
  readonly answers: readonly Answer[];
  readonly sessions: unknown;
}

type Recording = Readonly<Record<string, Outcome>>;

/** A recording as its file keeps it: the few sets of headers stand once. */
interface Kept {
  readonly heads: readonly Answer[];
  readonly cases: Readonly<
    Record<string, { readonly answers: readonly { readonly head: number }[]; readonly sessions: unknown }>
  >;
}

const fileOf = (name: string): string => join(process.cwd(), 'test/fixtures/token-endpoint', `${name}.json`);

/** Members whose values differ from one installation, or from one moment, to the next. */
const volatile = new Set(['kid', 'jkt', 'auth_time', 'session_expiry']);

/** An outcome without values that differ from run to run; `addresses` are known by these names. */
export function golden(outcome: unknown, addresses: Readonly<Record<string, string>>): Outcome {
  let text = JSON.stringify(outcome, (name, value) => (volatile.has(name) ? 'volatile' : value));
  for (const [address, name] of Object.entries(addresses)) text = text.replaceAll(address, name);
  const ids = new Map<string, string>();
  text = text.replace(/[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g, (id) => {
    if (!ids.has(id)) ids.set(id, `id ${ids.size}`);
    return ids.get(id)!;
  });
  return JSON.parse(text) as Outcome;
}

/** The recording of this name; empty where there is none yet. */
export function recorded(name: string): Recording {
  if (!existsSync(fileOf(name))) return {};
  const { heads, cases } = JSON.parse(readFileSync(fileOf(name), 'utf8')) as Kept;
  const whole = Object.entries(cases).map(([key, { answers, sessions }]) => [
    key,
    { answers: answers.map(({ head, ...rest }) => ({ ...heads[head]!, ...rest })), sessions },
  ]);
  return Object.fromEntries(whole) as Recording;
}

/** Writes a recording, one case a line, where CURFEW_RECORD_ANSWERS asks for it. */
export function record(name: string, cases: Recording): void {
  if (process.env['CURFEW_RECORD_ANSWERS'] !== 'true') return;
  const heads: string[] = [];
  const lines = Object.entries(cases).map(([key, { answers, sessions }]) => {
    const short = answers.map(({ headers, order, ...rest }) => {
      const head = JSON.stringify({ headers, order });
      if (!heads.includes(head)) heads.push(head);
      return { head: heads.indexOf(head), ...rest };
    });
    return `${JSON.stringify(key)}:${JSON.stringify({ answers: short, sessions })}`;
  });
  writeFileSync(fileOf(name), `{"heads":[\n${heads.join(',\n')}\n],\n"cases":{\n${lines.join(',\n')}\n}}\n`);
}
