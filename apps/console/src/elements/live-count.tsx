import { useQuery } from '@tanstack/react-query';
import { useMay } from '../admin-api/caller.js';
import { adminApi, bodyOf } from '../admin-api/client.js';

interface LiveCountProps {
  /** Whose live sessions an act ends. */
  readonly of: { readonly account: string } | { readonly client: string };
}

/** Says how many live sessions end with an act, by a dry run of the same end; an operator who may not end sessions reads no number. */
export function LiveCount({ of }: LiveCountProps) {
  const mayEnd = useMay('sessions:end');
  const counted = useQuery({
    queryKey: ['sessions', 'ended along', of],
    enabled: mayEnd,
    gcTime: 0,
    queryFn: () =>
      bodyOf(
        adminApi.POST('/v1/sessions/end', {
          body: {
            selection: { search: { ...of, state: 'live' } },
            only_this_session: true,
            dry_run: true,
            confirm: false,
            reason: 'ended_by_administrator',
          },
        }),
      ),
  });
  if (counted.isLoading) return <p role="status">Counting its live sessions …</p>;
  if (counted.data?.matched === undefined || counted.data.matched === null)
    return <p>Every live session ends at once, at every gateway and API.</p>;
  const { matched } = counted.data;
  return (
    <p>
      <span className="strong">
        {matched.toLocaleString()} live {matched === 1 ? 'session ends' : 'sessions end'}
      </span>{' '}
      at once, at every gateway and API.
    </p>
  );
}
