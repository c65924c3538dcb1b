/** The names in braces in a message, for which the page brings a value: `{application}`. */
export type Slots<Message extends string> = Message extends `${string}{${infer Slot}}${infer Rest}`
  ? Slot | Slots<Rest>
  : never;

/** A language's sentences for the same keys as the English ones. */
export type Translated<English> = { readonly [Key in keyof English]: string };
