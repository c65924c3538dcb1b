import { type UseMutationResult, useMutation, useQueryClient } from '@tanstack/react-query';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import type { Settings, SettingsBody } from './policy-queries.js';

/** A change of a policy: its settings, and the revision that it is made from. */
export interface PolicyChange {
  readonly settings: Settings;
  readonly etag: string;
}

/** Saves a new version, unless the policy is no longer the one that the change was made from. */
export function useSavePolicy(
  name: string,
  onSaved: () => void,
): UseMutationResult<unknown, Error, PolicyChange> {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ settings, etag }: PolicyChange) =>
      bodyOf(
        adminApi.PUT('/v1/policies/{name}', {
          params: { path: { name }, header: { 'If-Match': etag } },
          body: { settings: settings as SettingsBody },
        }),
      ),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['policies'] });
      onSaved();
    },
  });
}
