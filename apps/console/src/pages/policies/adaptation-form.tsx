import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useEffect } from 'react';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { isOvertaken } from '../../admin-api/problem.js';
import { ActButton } from '../../elements/act-button.js';
import { writtenLength } from '../../elements/durations.js';
import { SelectField } from '../../elements/filter-fields.js';
import { InputField } from '../../elements/input-field.js';
import { type Refusal, refusalOf } from '../../elements/refusal.js';
import { Overtaken, useRevision } from '../../elements/revision.js';
import { Failed } from '../../elements/states.js';
import type { Adaptation, AdaptationBody } from './adaptation-queries.js';

const modes = [
  ['off', 'off'],
  ['propose', 'propose steps to a person'],
  ['automatic', 'take steps that shorten, propose the others'],
] as const;

const budgets = [
  ['sign_ins_per_person_day', 'sign-ins again per person and day'],
  ['exposure_hours_per_day', 'unattended hours per day'],
] as const;

interface Written {
  readonly mode: string;
  readonly floor: string;
  readonly ceiling: string;
  readonly compliance: string;
  readonly kind: string;
  readonly max: string;
  readonly frozen: string;
}

const titles: Readonly<Record<keyof Written, string>> = {
  mode: 'Mode',
  floor: 'Never shorter than',
  ceiling: 'Never longer than',
  compliance: 'Document whose timeout is the ceiling',
  kind: 'Budget',
  max: 'At most',
  frozen: 'Days on which it takes no step',
};

type Frozen = NonNullable<AdaptationBody['frozen']>;

/** A length as it is typed; one that was saved is a number of seconds. */
const lengthOf = (saved: string | number | undefined, otherwise: string): string =>
  typeof saved === 'number' ? writtenLength(saved) : (saved ?? otherwise);

/** The settings in force as the form has them. */
function writtenOf(adaptation: Adaptation | null): Written {
  const settings = (adaptation?.settings ?? {}) as Partial<AdaptationBody>;
  return {
    mode: settings.mode ?? 'propose',
    floor: lengthOf(settings.floor, '10m'),
    ceiling: lengthOf(settings.ceiling, '1h'),
    compliance: settings.compliance ?? '',
    kind: settings.budget?.kind ?? budgets[0][0],
    max: String(settings.budget?.max ?? ''),
    frozen: (settings.frozen ?? []).map(({ from, to }) => `${from} ${to}`).join('\n'),
  };
}

/** The days of the form: two on a line, or one for a single day. The admin API judges them. */
const frozenOf = (text: string): Frozen =>
  text
    .split('\n')
    .map((line) => line.trim().split(/[\s–]+/))
    .filter(([from]) => from !== '')
    .map(([from = '', to = from]) => ({ from, to }));

/**
 * The body for the admin API; a value that is none goes to it as it is, and it says what is wrong. The compiler asks for every setting that
 * the admin API takes.
 */
const bodyOfForm = ({
  mode,
  floor,
  ceiling,
  compliance,
  kind,
  max,
  frozen,
}: Written): Required<Omit<AdaptationBody, 'before'>> => ({
  mode: mode as AdaptationBody['mode'],
  floor: floor.trim(),
  ceiling: ceiling.trim(),
  compliance: (compliance || null) as NonNullable<AdaptationBody['compliance']> | null,
  budget: {
    kind: kind as AdaptationBody['budget']['kind'],
    max: (max.trim() === '' ? max : Number(max)) as number,
  },
  frozen: frozenOf(frozen),
});

interface AdaptationFormProps {
  readonly policy: string;
  readonly adaptation: Adaptation | null;
}

/** Sets what a policy may do by itself; refusals stand at the field, and the typed text stays. */
export function AdaptationForm({ policy, adaptation }: AdaptationFormProps) {
  const form = useRevision(writtenOf(adaptation), tagOf(adaptation));
  const written = form.typed;
  const queries = useQueryClient();
  useFollowing(form, adaptation);
  const save = useMutation({
    mutationFn: () =>
      bodyOf(
        adminApi.PUT('/v1/policies/{name}/adaptation', {
          params: { path: { name: policy } },
          // Settings that this console does not know stay as they are.
          body: { ...adaptation?.settings, ...bodyOfForm(written), before: JSON.parse(form.etag) },
        }),
      ),
    onSuccess: (saved) => {
      form.saved(tagOf(saved));
      return queries.invalidateQueries({ queryKey: ['policies'] });
    },
    // The form goes on from the settings that somebody else has saved, once they are read.
    onError: (error) =>
      isOvertaken(error) ? queries.invalidateQueries({ queryKey: ['policies', policy] }) : undefined,
  });
  const refusal = refusalOf(isOvertaken(save.error) ? null : save.error, [
    'mode',
    'floor',
    'ceiling',
    'compliance',
    'budget',
    'frozen',
  ]);
  const act = () => {
    form.forget();
    save.mutate();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    act();
  };
  return (
    <form className="card stack" aria-label="Limits" onSubmit={submit}>
      <h2>What it may do</h2>
      <Limits written={written} refusal={refusal} onChange={form.change} />
      <Overtaken by={form.overtakenBy((member) => titles[member])} />
      <Failed error={refusal.rest} />
      <ActButton scope="policies:write" look="main" busy={save.isPending} onAct={act}>
        {save.isPending ? 'Saving …' : 'Save what it may do'}
      </ActButton>
    </form>
  );
}

/** The settings in force, as text; they have no version of their own. */
const tagOf = (adaptation: Adaptation | null): string => JSON.stringify(adaptation?.settings ?? null);

const isSame = (a: Written, b: Written): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Has the form follow what is saved elsewhere: nothing that was typed is lost, and what somebody else has changed is said. */
function useFollowing(form: ReturnType<typeof useRevision<Written>>, adaptation: Adaptation | null) {
  const now = tagOf(adaptation);
  useEffect(() => {
    const known = JSON.parse(form.etag) as Adaptation['settings'] | null;
    const before = writtenOf(known && ({ settings: known } as Adaptation));
    if (isSame(before, writtenOf(adaptation))) return;
    form.rebase(writtenOf(adaptation), now);
    if (form.changed.length === 0) form.forget();
  }, [now]);
}

interface LimitsProps {
  readonly written: Written;
  readonly refusal: Refusal;
  readonly onChange: (written: Written) => void;
}

/** The fields of the form. */
function Limits({ written, refusal, onChange }: LimitsProps) {
  const change = (name: keyof Written) => (value: string) => onChange({ ...written, [name]: value });
  const field = (name: keyof Written, member: string = name) => ({
    value: written[name],
    onChange: change(name),
    problem: refusal.at(member),
  });
  return (
    <>
      <SelectField label={titles.mode} {...field('mode')}>
        {modes.map(([mode, words]) => (
          <option key={mode} value={mode}>
            {words}
          </option>
        ))}
      </SelectField>
      <div className="choice">
        <InputField label={titles.floor} hint="such as 10m" {...field('floor')} />
        <InputField label={titles.ceiling} hint="such as 1h" {...field('ceiling')} />
      </div>
      <SelectField label={titles.compliance} {...field('compliance')}>
        <option value="">none</option>
        {['pci-dss', 'nist-aal2', 'nist-aal3'].map((profile) => (
          <option key={profile} value={profile}>
            {profile}
          </option>
        ))}
      </SelectField>
      <div className="choice wide-first">
        <SelectField label={titles.kind} value={written.kind} onChange={change('kind')}>
          {budgets.map(([kind, words]) => (
            <option key={kind} value={kind}>
              {words}
            </option>
          ))}
        </SelectField>
        <InputField label={titles.max} hint="a number above 0" {...field('max', 'budget')} />
      </div>
      <InputField
        label={titles.frozen}
        hint="One span on a line, such as 2027-12-20 2027-12-31 (UTC)"
        lines={3}
        {...field('frozen')}
      />
    </>
  );
}
