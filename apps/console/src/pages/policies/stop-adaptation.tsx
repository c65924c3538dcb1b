import { useMutation, useQueryClient } from '@tanstack/react-query';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { SendButton } from '../../elements/act-button.js';
import { Dialog } from '../../elements/dialog.js';
import { Failed } from '../../elements/states.js';

interface StopAdaptationProps {
  /** The policy that stops adapting; undefined for all of them. */
  readonly policy?: string;
  readonly onClose: () => void;
}

/** Stops the adaptation of one policy or of all: canaries of rollouts are taken back, and proposals are withdrawn. */
export function StopAdaptation({ policy, onClose }: StopAdaptationProps) {
  const queries = useQueryClient();
  const stop = useMutation({
    mutationFn: () => bodyOf(adminApi.POST('/v1/adaptation/stop', { body: policy ? { policy } : {} })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['policies'] }),
  });
  if (stop.data)
    return (
      <Dialog title="Stopped" onClose={onClose}>
        <p className="notice good" role="status">
          {stop.data.stopped.length === 0 ? 'Nothing adapted.' : `Stopped: ${stop.data.stopped.join(', ')}.`}
        </p>
        <div className="actions">
          <button type="button" onClick={onClose}>
            Done
          </button>
        </div>
      </Dialog>
    );
  return (
    <Dialog title={policy ? `Stop the adaptation of ${policy}` : 'Stop all adaptation'} onClose={onClose}>
      <p>
        The canary of a rollout is taken back, open proposals are withdrawn, and{' '}
        {policy ? 'the policy stays' : 'every policy stays'} as it is until somebody sets a mode again. A
        timeout that is in force for all accounts stays.
      </p>
      {stop.isError && <Failed error={stop.error} />}
      <div className="actions">
        <button type="button" className="plain" onClick={onClose}>
          Cancel
        </button>
        <SendButton
          scope="policies:write"
          className="danger"
          busy={stop.isPending}
          onPress={() => stop.mutate()}
        >
          {stop.isPending ? 'Stopping …' : policy ? 'Stop it' : 'Stop all'}
        </SendButton>
      </div>
    </Dialog>
  );
}
