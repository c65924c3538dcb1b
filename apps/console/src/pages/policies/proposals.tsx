import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { ActButton, SendButton } from '../../elements/act-button.js';
import { Author } from '../../elements/author.js';
import { Dialog } from '../../elements/dialog.js';
import { durationWords } from '../../elements/durations.js';
import { NoteField } from '../../elements/note-field.js';
import { refusalOf } from '../../elements/refusal.js';
import { Failed, Loading } from '../../elements/states.js';
import { Time } from '../../elements/time.js';
import { type Proposal, proposalsQuery } from './adaptation-queries.js';
import { NumbersOf } from './numbers-of.js';

/** The steps that a person is asked about, and those that were settled. */
export function Proposals({ policy }: { readonly policy: string }) {
  const found = useQuery(proposalsQuery(policy));
  const proposals = found.data ?? [];
  return (
    <section className="card stack" aria-label="Proposals">
      <h2>Proposals</h2>
      {found.isPending && <Loading rows={2} label="Reading proposals" />}
      {found.isError && <Failed error={found.error} onRetry={() => found.refetch()} />}
      {found.data?.length === 0 && <p className="quiet">No step was proposed.</p>}
      <ol className="proposals">
        {proposals.map((proposal) => (
          <ProposalLine key={proposal.id} policy={policy} proposal={proposal} />
        ))}
      </ol>
    </section>
  );
}

interface ProposalProps {
  readonly policy: string;
  readonly proposal: Proposal;
}

type Answer = 'approve' | 'decline';

function ProposalLine({ policy, proposal }: ProposalProps) {
  const [answer, setAnswer] = useState<Answer>();
  const { status, from, to, made_at, settled_at, settled_by, numbers } = proposal;
  return (
    <li>
      <p>
        <span className={`badge ${status === 'open' ? 'good' : ''}`}>{status}</span>{' '}
        <span className="strong">
          {durationWords(from)} to {durationWords(to)}
        </span>{' '}
        <span className="quiet small">
          <Time at={made_at} />
          {settled_at && (
            <>
              , settled <Time at={settled_at} /> {settled_by && <Author of={settled_by} />}
            </>
          )}
        </span>
      </p>
      <NumbersOf numbers={numbers} />
      {status === 'open' && (
        <div className="actions">
          <ActButton scope="policies:write" look="main" onAct={() => setAnswer('approve')}>
            Approve …
          </ActButton>
          <ActButton scope="policies:write" onAct={() => setAnswer('decline')}>
            Decline …
          </ActButton>
        </div>
      )}
      {answer && (
        <Settle policy={policy} proposal={proposal} answer={answer} onClose={() => setAnswer(undefined)} />
      )}
    </li>
  );
}

interface SettleProps extends ProposalProps {
  readonly answer: Answer;
  readonly onClose: () => void;
}

/** Approves or declines a step, with a reason that stands in the history. */
function Settle({ policy, proposal, answer, onClose }: SettleProps) {
  const [note, setNote] = useState('');
  const queries = useQueryClient();
  const settle = useMutation({
    mutationFn: () => {
      const params = { path: { name: policy, id: proposal.id } };
      const body = note.trim() ? { note: note.trim() } : {};
      return answer === 'approve'
        ? bodyOf(adminApi.POST('/v1/policies/{name}/proposals/{id}/approve', { params, body }))
        : bodyOf(adminApi.POST('/v1/policies/{name}/proposals/{id}/decline', { params, body }));
    },
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ['policies'] });
      onClose();
    },
  });
  const { at, rest } = refusalOf(settle.error, ['note']);
  const isShorter = proposal.to < proposal.from;
  return (
    <Dialog
      title={`${answer === 'approve' ? 'Approve' : 'Decline'}: ${durationWords(proposal.from)} to ${durationWords(proposal.to)}`}
      onClose={onClose}
    >
      <p>
        {answer === 'decline'
          ? 'The same step is not proposed again for four weeks.'
          : isShorter
            ? 'It begins with a tenth of the accounts, and goes on to half and to all of them while nothing speaks against it.'
            : 'It holds for sessions that begin from now on.'}
      </p>
      <NoteField value={note} problem={at('note')} onChange={setNote} />
      <Failed error={rest} />
      <div className="actions">
        <button type="button" className="plain" onClick={onClose}>
          Cancel
        </button>
        <SendButton scope="policies:write" busy={settle.isPending} onPress={() => settle.mutate()}>
          {settle.isPending ? 'Saving …' : answer === 'approve' ? 'Take this step' : 'Decline it'}
        </SendButton>
      </div>
    </Dialog>
  );
}
