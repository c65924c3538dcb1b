interface TooLittleEvidenceProps {
  readonly missing: readonly {
    readonly of: string;
    readonly have: number;
    readonly need: number;
    readonly days: number | null;
  }[];
}

/** Says which counts are missing for an answer, and when there will be enough of them. */
export function TooLittleEvidence({ missing }: TooLittleEvidenceProps) {
  return (
    <div className="notice">
      <p className="strong">There is too little evidence yet for an honest answer.</p>
      <ul className="small">
        {missing.map(({ of, have, need, days }) => (
          <li key={of}>
            {have.toLocaleString()} of {need.toLocaleString()} {of}
            {days !== null && `, in about ${Math.ceil(days)} days`}
          </li>
        ))}
      </ul>
    </div>
  );
}
