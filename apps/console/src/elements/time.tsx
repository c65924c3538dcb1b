import { useServerNow } from '../admin-api/server-time.js';
import { exactWords, relativeWords } from './durations.js';

/** An instant as people speak of it, with the exact one on hover. */
export function Time({ at }: { readonly at: string }) {
  const now = useServerNow();
  return (
    <time dateTime={at} title={exactWords(at)}>
      {now === 0 ? exactWords(at) : relativeWords(Date.parse(at), now)}
    </time>
  );
}
