import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { ExplainedButton } from '../../elements/explained-button.js';
import { TextField } from '../../elements/filter-fields.js';
import { Failed } from '../../elements/states.js';
import { type ChainProgress, checkChain, type KnownHead } from './event-queries.js';

const headForm = /^(\d{1,15}):([0-9a-f]{64})$/;

function knownOf(text: string): KnownHead | undefined {
  const [, seal, hash] = headForm.exec(text) ?? [];
  return seal && hash ? { known_seal: Number(seal), known_hash: hash } : undefined;
}

/** Checks that no recorded event was changed, and says what was found. */
export function Integrity() {
  const [kept, setKept] = useState('');
  const [progress, setProgress] = useState<ChainProgress>();
  const isWrong = kept !== '' && !headForm.test(kept);
  const check = useMutation({
    mutationFn: async () => {
      setProgress(undefined);
      for await (const part of checkChain(knownOf(kept))) setProgress(part);
    },
  });
  return (
    <section className="card integrity stack" aria-label="Integrity">
      <h2>Was anything changed?</h2>
      <p className="quiet">
        Every event is sealed into a chain. The check compares all of them with their seals. If you kept the
        head of an earlier check elsewhere, it also shows that nothing before that head was made anew.
      </p>
      <TextField
        label="Head of an earlier check (optional)"
        placeholder="4711:9f86d0…"
        value={kept}
        problem={isWrong ? 'must be a number, a colon and 64 hexadecimal digits' : undefined}
        onCommit={setKept}
      />
      <ExplainedButton
        className="plain compact"
        off={isWrong ? 'The head of the earlier check is none. Its field says why.' : undefined}
        busy={check.isPending}
        onPress={() => check.mutate()}
      >
        {check.isPending ? 'Checking …' : 'Check the history'}
      </ExplainedButton>
      <div aria-live="polite">{progress && <Found progress={progress} />}</div>
      {check.isError && <Failed error={check.error} onRetry={() => check.mutate()} />}
    </section>
  );
}

function Found({ progress }: { readonly progress: ChainProgress }) {
  const { events, through, head, problems, knownMatches, isDone } = progress;
  if (!isDone)
    return (
      <p>
        Seal {through} of {head?.seal ?? '?'} …
      </p>
    );
  const isSound = problems.length === 0 && knownMatches !== false;
  return (
    <div className={`notice ${isSound ? 'good' : 'bad'}`}>
      <p className="strong">
        {isSound
          ? `All ${events.toLocaleString()} sealed events are as they were recorded.`
          : 'The history does not fit its seals.'}
      </p>
      {knownMatches === false && <p>The seal that you kept is another one now.</p>}
      {problems.map(({ seal, problem }) => (
        <p key={`${seal} ${problem}`}>
          Seal {seal}: {problem}
        </p>
      ))}
      {head && (
        <p className="small">
          Keep this head elsewhere:{' '}
          <code>
            {head.seal}:{head.hash}
          </code>
        </p>
      )}
    </div>
  );
}
