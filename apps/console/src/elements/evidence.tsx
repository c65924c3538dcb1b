interface TooLittleEvidenceProps {
  readonly missing: readonly {
    readonly of: string;
    readonly have: number;
    readonly need: number;
    readonly days: number | null;
  }[];
}

/** Counts as a person reads them; a fold is a part of the accounts that is counted for itself. */
const countWords: Readonly<Record<string, string>> = { folds: 'groups of accounts' };

/** Says which counts are missing for an answer, and when there will be enough of them. */
export function TooLittleEvidence({ missing }: TooLittleEvidenceProps) {
  return (
    <div className="notice">
      <p className="strong">There is too little evidence yet for an honest answer.</p>
      <ul className="small">
        {missing.map(({ of, have, need, days }) => (
          <li key={of}>
            {have.toLocaleString()} of {need.toLocaleString()} {countWords[of] ?? of}
            {days !== null && `, in about ${Math.ceil(days)} days`}
          </li>
        ))}
      </ul>
    </div>
  );
}
