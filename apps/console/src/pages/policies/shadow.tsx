import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useMay } from '../../admin-api/caller.js';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { ActButton, SendButton } from '../../elements/act-button.js';
import { Dialog } from '../../elements/dialog.js';
import { durationWords } from '../../elements/durations.js';
import { percent } from '../../elements/figures.js';
import { InputField } from '../../elements/input-field.js';
import { refusalOf } from '../../elements/refusal.js';
import { Failed, Loading } from '../../elements/states.js';
import { Time } from '../../elements/time.js';
import { reasonWords } from '../../elements/words.js';
import { type Policy, type ShadowAnswer, shadowQuery } from './policy-queries.js';
import { valueWords } from './setting-words.js';
import { ShadowedSessions } from './shadowed-sessions.js';

/** Tries shorter timeouts on living sessions, ends none, and says which ones they would have ended. */
export function Shadow({ policy }: { readonly policy: Policy }) {
  const found = useQuery(shadowQuery(policy.name));
  const shadow = found.data?.shadow;
  const outcome = found.data?.would_have_ended;
  return (
    <section className="card stack" aria-label="Shadow">
      <h2>Shadow</h2>
      <p className="quiet">
        A shadow tries shorter timeouts on the sessions of this policy and ends none. It marks each session
        that they would have ended.
      </p>
      {found.isPending && <Loading rows={2} label="Reading the shadow" />}
      {found.isError && <Failed error={found.error} onRetry={() => found.refetch()} />}
      {shadow && outcome && <Running name={policy.name} shadow={shadow} outcome={outcome} />}
      {found.data && !shadow && <Start policy={policy} />}
    </section>
  );
}

function Start({ policy }: { readonly policy: Policy }) {
  const [idle, setIdle] = useState('');
  const [absolute, setAbsolute] = useState('');
  const queries = useQueryClient();
  const start = useMutation({
    mutationFn: () =>
      bodyOf(
        adminApi.PUT('/v1/policies/{name}/shadow', {
          params: { path: { name: policy.name } },
          body: {
            ...(idle.trim() ? { inactivity_timeout: idle.trim() } : {}),
            ...(absolute.trim() ? { absolute_lifetime: absolute.trim() } : {}),
          },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['policies', policy.name, 'shadow'] }),
  });
  const { at, rest } = refusalOf(start.error, ['inactivity_timeout', 'absolute_lifetime']);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    start.mutate();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <div className="choice">
        <InputField
          label="Inactivity timeout to try"
          value={idle}
          onChange={setIdle}
          problem={at('inactivity_timeout')}
          hint={`such as 15m; ${valueWords(policy.settings['inactivityTimeout'])} is in force`}
        />
        <InputField
          label="Absolute lifetime to try"
          value={absolute}
          onChange={setAbsolute}
          problem={at('absolute_lifetime')}
          hint={`left empty, that of the policy: ${valueWords(policy.settings['absoluteLifetime'])}`}
        />
      </div>
      <Failed error={rest} />
      <ActButton scope="policies:write" look="main" busy={start.isPending} onAct={() => start.mutate()}>
        Start the shadow
      </ActButton>
    </form>
  );
}

interface RunningProps {
  readonly name: string;
  readonly shadow: NonNullable<ShadowAnswer['shadow']>;
  readonly outcome: NonNullable<ShadowAnswer['would_have_ended']>;
}

function Running({ name, shadow, outcome }: RunningProps) {
  const [isStopping, setStopping] = useState(false);
  const mayList = useMay('sessions:read');
  const { marked, used_again: again, live, ended, complete } = outcome;
  return (
    <>
      <p>
        Tried since <Time at={shadow.since} />: {durationWords(shadow.inactivity_timeout)} without activity
        {shadow.absolute_lifetime !== null && `, ${durationWords(shadow.absolute_lifetime)} in any case`}
        {shadow.of_canary && ' (the shorter timeout of the canary, tried on the sessions of the longer one)'}.
      </p>
      <div className="notice">
        <p>
          <span className="counted">
            {marked.toLocaleString()}
            {!complete && ' or more'}
          </span>{' '}
          {marked === 1 ? 'session' : 'sessions'} would have ended.{' '}
          {marked > 0 &&
            `${again.toLocaleString()} of them (${percent(again / marked)}) ${again === 1 ? 'was' : 'were'} used again: their people would have had to sign in. ${live.toLocaleString()} still live.`}
        </p>
        {Object.keys(ended).length > 0 && (
          <ul className="reasons small">
            {Object.entries(ended).map(([reason, count]) => (
              <li key={reason}>
                {count.toLocaleString()} <span className="badge">{reasonWords(reason)}</span>
              </li>
            ))}
          </ul>
        )}
      </div>
      {mayList && <ShadowedSessions policy={name} />}
      {!shadow.of_canary && (
        <ActButton scope="policies:write" look="ending" onAct={() => setStopping(true)}>
          Stop the shadow …
        </ActButton>
      )}
      {isStopping && <StopShadow name={name} marked={marked} onClose={() => setStopping(false)} />}
    </>
  );
}

interface StopShadowProps {
  readonly name: string;
  readonly marked: number;
  readonly onClose: () => void;
}

/** Stopping forgets the marks, so it is asked about first. */
function StopShadow({ name, marked, onClose }: StopShadowProps) {
  const queries = useQueryClient();
  const stop = useMutation({
    mutationFn: () => bodyOf(adminApi.DELETE('/v1/policies/{name}/shadow', { params: { path: { name } } })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ['policies', name, 'shadow'] });
      onClose();
    },
  });
  return (
    <Dialog title={`Stop the shadow of ${name}`} onClose={onClose}>
      <p>
        Its {marked.toLocaleString()} {marked === 1 ? 'mark is' : 'marks are'} forgotten. Take the list as CSV
        first if you need it.
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
          {stop.isPending ? 'Stopping …' : 'Stop it'}
        </SendButton>
      </div>
    </Dialog>
  );
}
