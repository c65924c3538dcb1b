interface WouldEndProps {
  readonly preview: { readonly would_end: number; readonly live: number };
}

/** The number of live sessions that a change of a policy would end at once. */
export function WouldEnd({ preview: { would_end: ending, live } }: WouldEndProps) {
  return (
    <p className={ending > 0 ? 'notice bad' : 'notice'}>
      {ending.toLocaleString()} of {live.toLocaleString()} live sessions would end at once.
    </p>
  );
}
