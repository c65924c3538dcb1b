/** The finding of one check: in order, worth knowing, or wrong. */
export interface Finding {
  readonly what: string;
  readonly state: 'ok' | 'note' | 'wrong';
  readonly detail: string;
  /** The step that mends it, where there is one. */
  readonly advice?: string;
}

const finding =
  (state: Finding['state']) =>
  (what: string, detail: string, advice?: string): Finding =>
    advice === undefined ? { what, state, detail } : { what, state, detail, advice };

/** A finding that all is in order. */
export const fine = finding('ok');

/** A finding that is worth knowing. */
export const noted = finding('note');

/** A finding that something is wrong. */
export const wrong = finding('wrong');

/** The detail and the advice of a finding in one sentence. */
export const sentenceOf = ({ detail, advice }: Finding): string =>
  advice === undefined ? detail : `${detail}: ${advice}`;
