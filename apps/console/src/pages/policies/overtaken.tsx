import { useQuery } from '@tanstack/react-query';
import { Failed } from '../../elements/states.js';
import { policyQuery, type Settings } from './policy-queries.js';
import { Differences } from './revisions.js';
import type { PolicyChange } from './save-policy.js';
import { differences } from './setting-words.js';

interface OvertakenProps {
  readonly name: string;
  readonly base: Settings;
  readonly onTake: (next: PolicyChange) => void;
}

/** Somebody else has saved meanwhile: their changes are shown, and nothing of them is overwritten unseen. */
export function Overtaken({ name, base, onTake }: OvertakenProps) {
  const latest = useQuery({
    ...policyQuery(name),
    staleTime: 0,
    gcTime: 0,
    queryKey: ['policies', name, 'latest'],
  });
  if (latest.isError) return <Failed error={latest.error} onRetry={() => void latest.refetch()} />;
  if (!latest.data)
    return (
      <p className="notice bad">
        Somebody else has changed this policy meanwhile. Reading what they changed …
      </p>
    );
  const { body, etag } = latest.data;
  return (
    <div className="notice bad" role="alert">
      <p className="strong">
        {body.created_by ?? 'Somebody else'} has saved version {body.version} meanwhile. They changed:
      </p>
      <Differences of={differences(base, body.settings)} />
      <p>
        Your own values still stand in the form. Saved now, they replace theirs where both changed the same.
      </p>
      <button
        type="button"
        className="plain compact"
        onClick={() => onTake({ settings: body.settings, etag: etag ?? '' })}
      >
        Go on from version {body.version}
      </button>
    </div>
  );
}
