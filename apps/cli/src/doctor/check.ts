/** The finding of one check: in order, worth knowing, or wrong with advice. */
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
