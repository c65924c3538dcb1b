import { useState } from 'react';

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** The members in which two states of a form differ. */
const differing = <T extends object>(before: T, after: T): readonly (keyof T)[] =>
  (Object.keys(after) as (keyof T)[]).filter((member) => !isSame(before[member], after[member]));

/**
 * A form about a revision that somebody else may change meanwhile; `etag` is its version, or what was read. `rebase` goes on from their revision: their values, and over them those
 * that were typed here, so that neither side is lost unseen.
 */
export function useRevision<T extends object, Tag = string>(first: T, firstTag: Tag) {
  const [base, setBase] = useState({ typed: first, etag: firstTag });
  const [typed, setTyped] = useState(first);
  const [overtakenBy, setOvertakenBy] = useState<readonly (keyof T)[] | null>();
  const changed = differing(base.typed, typed);
  return {
    typed,
    changed,
    etag: base.etag,
    /** The titles of the members that somebody else has changed, as `Overtaken` shows them. */
    overtakenBy: (titleOf: (member: keyof T) => string) =>
      overtakenBy ? overtakenBy.map(titleOf) : overtakenBy,
    change: (more: Partial<T>) => setTyped((now) => ({ ...now, ...more })),
    forget: () => setOvertakenBy(undefined),
    /** Goes on from what was saved here. */
    saved(etag: Tag) {
      setOvertakenBy(undefined);
      setBase({ typed, etag });
    },
    rebase(theirs: T, etag: Tag) {
      setOvertakenBy(isSame(base.etag, etag) ? null : differing(base.typed, theirs));
      setTyped({ ...theirs, ...Object.fromEntries(changed.map((member) => [member, typed[member]])) });
      setBase({ typed: theirs, etag });
    },
  };
}

/** A record as an operator saw it when they were asked about an act on it. */
interface SeenParts<T extends { readonly etag: string }> {
  readonly record: T;
  /** The members that an operator sees, with their titles. */
  readonly titles: Readonly<Partial<Record<keyof T, string>>>;
  /** Reads the record as it is now. */
  readonly readAgain: () => Promise<T>;
}

/**
 * Keeps the state that an act is made from, whatever is read meanwhile. `lookAgain` goes on from the present one, and returns the titles of
 * what somebody else has changed, or null where it is the same.
 */
export function useSeen<T extends { readonly etag: string }>({ record, titles, readAgain }: SeenParts<T>) {
  const [seen, setSeen] = useState(record);
  return {
    record: seen,
    etag: seen.etag,
    async lookAgain(): Promise<readonly string[] | null> {
      const now = await readAgain();
      setSeen(now);
      if (seen.etag === now.etag) return null;
      return differing(seen, now).flatMap((member) => titles[member] ?? []);
    },
  };
}

interface OvertakenProps {
  /** The titles of the members that somebody else has changed; null where it is as it was read, undefined where nothing was refused. */
  readonly by: readonly string[] | null | undefined;
}

/** Says that somebody else has saved meanwhile, and what they changed. */
export function Overtaken({ by }: OvertakenProps) {
  if (by === undefined) return null;
  if (by === null) return <RefusedAsRead />;
  return (
    <p className="notice bad" role="alert">
      <span className="strong">Somebody else has saved meanwhile.</span> They changed:{' '}
      {by.join(', ') || 'something that is not in this form'}. What you typed still stands; save again to put
      it over theirs.
    </p>
  );
}

/** Says that an ETag was refused although nothing has changed since it was read. */
export function RefusedAsRead() {
  return (
    <p className="notice bad" role="alert">
      <span className="strong">Nothing was done, and nothing has changed since you read it.</span> If this
      comes again, something between you and the admin API changes its ETags, as a proxy does that compresses
      answers. Compression has to be off there.
    </p>
  );
}
