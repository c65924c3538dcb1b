/** The kind of value of a field; in storage it says the type of the column. */
export type SessionFieldKind =
  | 'uuid'
  | 'text'
  | 'texts'
  | 'flag'
  | 'count'
  | 'instant'
  | 'bytes'
  | 'authorization'
  | 'signals'
  | 'end';

/** One field of a session. */
export interface SessionField<Value> {
  readonly kind: SessionFieldKind;
  /** Its value when the session starts, if that is the same for each; its column has the same default, or null in place of it. */
  readonly initial?: Value;
}

/** A field that a sign-in brings. */
export interface SignInSessionField<Value> extends SessionField<Value> {
  readonly from: 'sign-in';
}

/** A field that follows from the sign-in and the policy (`beginning`). */
export interface PolicySessionField<Value> extends SessionField<Value> {
  readonly from: 'policy';
}

/** A field that is the same at each start. */
export interface FixedSessionField<Value> extends SessionField<Value> {
  readonly from: 'fixed';
  readonly initial: Value;
}

/** The values that a table of fields describes. */
export type SessionFieldValues<Fields> = {
  readonly [Name in keyof Fields]: Fields[Name] extends SessionField<infer Value> ? Value : never;
};

/** Those of them that a sign-in brings. */
export type SignInSessionFieldValues<Fields> = {
  readonly [Name in keyof Fields as Fields[Name] extends { readonly from: 'sign-in' }
    ? Name
    : never]: Fields[Name] extends SessionField<infer Value> ? Value : never;
};

/** Those of them that are the same at each start. */
export type FixedSessionFieldValues<Fields> = {
  readonly [Name in keyof Fields as Fields[Name] extends { readonly from: 'fixed' }
    ? Name
    : never]: Fields[Name] extends SessionField<infer Value> ? Value : never;
};

/** A field that a sign-in brings. */
export const signedIn = <Value>(kind: SessionFieldKind): SignInSessionField<Value> => ({
  kind,
  from: 'sign-in',
});

/** A field that follows from the sign-in and the policy. */
export const underPolicy = <Value>(kind: SessionFieldKind): PolicySessionField<Value> => ({
  kind,
  from: 'policy',
});

/** A field that has this value at each start. */
export const initially = <Value>(initial: Value, kind: SessionFieldKind): FixedSessionField<Value> => ({
  kind,
  from: 'fixed',
  initial,
});

/** The values of the fields that are the same at each start. */
export const fixedValues = <Fields extends { readonly [Name in keyof Fields]: SessionField<unknown> }>(
  fields: Fields,
): FixedSessionFieldValues<Fields> =>
  Object.fromEntries(
    Object.entries<SessionField<unknown>>(fields)
      .filter(([, field]) => 'initial' in field)
      .map(([name, { initial }]) => [name, initial]),
  ) as FixedSessionFieldValues<Fields>;
