import type { TokenFacts } from './token-facts.js';

/** The facts that many tokens share. */
export type Shape = Pick<TokenFacts, 'clientId' | 'issuer' | 'audiences' | 'scopes' | 'acr' | 'amr'>;

/** Keeps each shape once, for as long as a token has it. */
export class Shapes {
  readonly #byText = new Map<string, number>();
  readonly #held: ({ readonly shape: Shape; readonly text: string; tokens: number } | undefined)[] = [];
  readonly #free: number[] = [];

  /** The number of the shape of these facts, counted once more. */
  take({ clientId, issuer, audiences, scopes, acr, amr }: TokenFacts): number {
    const text = JSON.stringify([clientId, issuer, audiences, scopes, acr, amr]);
    const known = this.#byText.get(text);
    if (known !== undefined) {
      this.#held[known]!.tokens += 1;
      return known;
    }
    const number = this.#free.pop() ?? this.#held.length;
    this.#held[number] = { shape: { clientId, issuer, audiences, scopes, acr, amr }, text, tokens: 1 };
    this.#byText.set(text, number);
    return number;
  }

  /** The shape with this number. */
  at(number: number): Shape {
    return this.#held[number]!.shape;
  }

  /** One token less has it. */
  drop(number: number): void {
    const held = this.#held[number]!;
    held.tokens -= 1;
    if (held.tokens > 0) return;
    this.#byText.delete(held.text);
    this.#held[number] = undefined;
    this.#free.push(number);
  }
}
