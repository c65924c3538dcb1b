/** What a look at one thing found: in order, worth knowing, or wrong, and then what to do. */
export interface Finding {
  readonly what: string;
  readonly state: 'ok' | 'note' | 'wrong';
  readonly detail: string;
}

/** In order. */
export const fine = (what: string, detail: string): Finding => ({ what, state: 'ok', detail });

/** Worth knowing. */
export const noted = (what: string, detail: string): Finding => ({ what, state: 'note', detail });

/** Wrong; `detail` says what to do. */
export const wrong = (what: string, detail: string): Finding => ({ what, state: 'wrong', detail });
