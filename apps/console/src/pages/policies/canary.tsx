import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { isOvertaken } from '../../admin-api/problem.js';
import { ActButton } from '../../elements/act-button.js';
import { InputField } from '../../elements/input-field.js';
import { refusalOf } from '../../elements/refusal.js';
import { Failed } from '../../elements/states.js';
import { Overtaken } from './overtaken.js';
import type { Policy, Settings } from './policy-queries.js';
import { useSavePolicy } from './save-policy.js';
import { sentenceWords, valueWords } from './setting-words.js';

interface CanaryProps {
  readonly policy: Policy;
  /** The revision that a change is made from. */
  readonly etag: string;
}

/** Puts a share of the accounts under another inactivity timeout, and takes that back. */
export function Canary({ policy, etag }: CanaryProps) {
  return (
    <section className="card stack" aria-label="Canary">
      <h2>Canary</h2>
      <p className="quiet">
        A canary puts a share of the accounts under another inactivity timeout. Only a canary measures how
        many people give up at the sign-in page; a longer timeout measures it and harms nobody.
      </p>
      {policy.settings['canary'] ? (
        <RunningCanary policy={policy} etag={etag} />
      ) : (
        <BeginCanary policy={policy} etag={etag} />
      )}
      <p className="small">
        <Link to="/insight" search={{ policy: policy.name }}>
          The figures of this policy
        </Link>
      </p>
    </section>
  );
}

interface SavingProps {
  readonly policy: Policy;
  readonly save: ReturnType<typeof useSavePolicy>;
  /** The refusal as far as no field shows it. */
  readonly rest: unknown;
}

/** The refusal of a change: by somebody else's change, or by the rules of policies. */
function NotSaved({ policy, save, rest }: SavingProps) {
  const queries = useQueryClient();
  if (!save.isError) return null;
  if (!isOvertaken(save.error)) return <Failed error={rest} />;
  const take = () => {
    save.reset();
    void queries.invalidateQueries({ queryKey: ['policies', policy.name] });
  };
  return <Overtaken name={policy.name} base={policy.settings} onTake={take} />;
}

function BeginCanary({ policy, etag }: CanaryProps) {
  const [timeout, setTimeoutText] = useState('');
  const [share, setShare] = useState('10');
  const save = useSavePolicy(policy.name, () => undefined);
  const { at, rest } = refusalOf(save.error, ['canary/inactivityTimeout', 'canary/share']);
  const [atTimeout, atShare] = [at('canary/inactivityTimeout'), at('canary/share')];
  const begin = () => {
    const canary = { inactivityTimeout: timeout.trim(), share: `${share.trim().replace(/\s*%$/, '')}%` };
    save.mutate({ settings: { ...policy.settings, canary }, etag });
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    begin();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <div className="choice">
        <InputField
          label="Inactivity timeout of the canary"
          value={timeout}
          onChange={setTimeoutText}
          problem={atTimeout && sentenceWords(atTimeout)}
          hint={`such as 45m; the others keep ${valueWords(policy.settings['inactivityTimeout'])}`}
        />
        <InputField
          label="Share of the accounts, in per cent"
          value={share}
          onChange={setShare}
          problem={atShare && sentenceWords(atShare)}
          hint="1 to 50"
        />
      </div>
      <NotSaved policy={policy} save={save} rest={rest} />
      <ActButton scope="policies:write" look="main" busy={save.isPending} onAct={begin}>
        Begin the canary
      </ActButton>
    </form>
  );
}

function RunningCanary({ policy, etag }: CanaryProps) {
  const save = useSavePolicy(policy.name, () => undefined);
  const { inactivityTimeout, share } = policy.settings['canary'] as Settings;
  const takeBack = () => save.mutate({ settings: { ...policy.settings, canary: null }, etag });
  return (
    <div className="stack">
      <p className="notice">
        <span className="strong">{valueWords(share)}</span> of the accounts are under{' '}
        <span className="strong">{valueWords(inactivityTimeout)}</span>, the others under{' '}
        {valueWords(policy.settings['inactivityTimeout'])}.
      </p>
      <NotSaved policy={policy} save={save} rest={save.error} />
      <ActButton scope="policies:write" look="ending" busy={save.isPending} onAct={takeBack}>
        Take the canary back
      </ActButton>
    </div>
  );
}
