import { commitColumns, type HotStatement, StatementValues } from '@curfew/persistence';

/** A statement with what it is asked to write. */
export interface Commit {
  readonly statement: HotStatement;
  readonly values: readonly unknown[];
}

/** Puts the statement of a commit together, step by step. */
export class CommitBuilder {
  readonly #values = new StatementValues();
  readonly #steps: [name: string, text: string][] = [];
  readonly #conditions: string[] = [];
  /** The steps that have a row for each that they wrote. */
  readonly #writers: string[] = [];
  /** Whether everybody whom the request found signed in still is. */
  signedIn = 'true';
  /** Whether the passkey of the request was removed, or its counter has gone on. */
  passkeyRefused = 'false';
  /** Every step from here on waits for this condition. */
  ready = 'true';

  /** The place of a value. */
  readonly value = this.#values.value;

  condition(text: string): void {
    this.#conditions.push(text);
  }

  step(name: string, text: string): void {
    this.#steps.push([name, text]);
  }

  /** From here on nothing is written unless all conditions hold. */
  holdConditions(): void {
    if (this.#conditions.length === 0) return;
    this.step('held', `SELECT ${this.#conditions.join(' AND ')} AS ok`);
    this.ready = '(SELECT ok FROM held)';
  }

  /** A step that writes, and whose rows are a condition or are looked at by others. */
  writer(name: string, text: string): void {
    this.step(name, text);
    this.#writers.push(name);
  }

  /** A step that writes, after those before it. */
  writing(name: string, text: string): void {
    this.writer(name, text);
    const held = this.#conditions.length === 0 ? '' : '(SELECT ok FROM held) AND ';
    this.ready = `${held}(SELECT count(*) FROM ${name}) >= 0`;
  }

  built(): Commit {
    const names = this.#steps.map(([name]) => name);
    const steps = this.#steps.map(([name, text]) => `${name} AS (${text})`);
    const ok = names.includes('held') ? '(SELECT ok FROM held)' : 'true';
    const remembered = names.find((name) => name.startsWith('consent'));
    const written = this.#writers.map((name) => `EXISTS (SELECT 1 FROM ${name})`).join(' OR ') || 'false';
    const text = `WITH ${steps.join(', ')}
      SELECT ${ok} AS ok, ${remembered ? `EXISTS (SELECT 1 FROM ${remembered})` : 'true'} AS remembered, ${this.signedIn} AS signed_in,
        ${this.passkeyRefused} AS passkey_refused, ${commitColumns(written)}`;
    return { statement: { name: nameOf(names), text, place: 'in its rows' }, values: this.#values.all };
  }
}

const known = new Map<string, string>();

/** A name for the statement of these steps. PostgreSQL tells names apart by their first 63 bytes, so they are numbered. */
function nameOf(steps: readonly string[]): string {
  const all = steps.join(' ');
  const name = known.get(all) ?? `commit_${known.size + 1}`;
  known.set(all, name);
  return name;
}
