const verdicts = {
  takes_it: 'takes it',
  applies_too: 'applies, too',
  set_aside: 'set aside',
  comes_later: 'comes later',
  does_not_match: 'does not match',
} as const;

/** A verdict about a route in words. */
export const verdictWords = (verdict: keyof typeof verdicts): string => verdicts[verdict];

const reasons = {
  takes_it: 'It is the first route that the request matches exactly.',
  applies_too: 'Another program may read the path as one of this route, so its requirements apply, too.',
  set_aside: 'The request resembles its path, and no way to read it leads here.',
  comes_later: 'The request matches it, and an earlier route takes it.',
} as const;

/** The reason of a verdict. */
export const reasonOf = (verdict: keyof typeof verdicts, misfits: readonly string[]): string =>
  verdict === 'does_not_match' ? `Another ${misfits.join(', ')}` : reasons[verdict];
