import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useDeferredValue, useState } from 'react';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { type Fault, isAbout, isOvertaken, Problem } from '../../admin-api/problem.js';
import { SendButton } from '../../elements/act-button.js';
import { Failed } from '../../elements/states.js';
import { policySettings } from '../../generated/lists.js';
import { DocumentsMet, type Lint } from './documents-met.js';
import { Overtaken } from './overtaken.js';
import { lintQuery, type Policy, type Settings, type SettingsBody } from './policy-queries.js';
import { Differences } from './revisions.js';
import { type PolicyChange, useSavePolicy } from './save-policy.js';
import { SettingField } from './setting-field.js';
import { differences, sentenceWords, settingWords } from './setting-words.js';
import { WouldEnd } from './would-end.js';

interface PolicyEditorProps {
  readonly policy: Policy;
  /** The revision that the change is made from. */
  readonly etag: string;
  readonly onDone: () => void;
}

/** Changes a policy: the linter speaks while one writes, and the number of sessions that would end stands beside the button. */
export function PolicyEditor({ policy, etag, onDone }: PolicyEditorProps) {
  const [base, setBase] = useState({ settings: policy.settings as Settings, etag });
  const [settings, setSettings] = useState(base.settings);
  const changed = differences(base.settings, settings);
  const findings = useFindings(policy, settings);
  const save = useSavePolicy(policy.name, onDone);
  /** Goes on from another revision: its values, and over them those that were changed here. */
  const takeOver = (next: PolicyChange) => {
    setSettings({ ...next.settings, ...Object.fromEntries(changed.map(({ name, after }) => [name, after])) });
    setBase(next);
    save.reset();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate({ settings, etag: base.etag });
  };
  const violationOf = (name: string) => violationAt(name, findings.violations);
  const others = findings.violations.filter(
    (one) => !policySettings.some(({ name }) => violationOf(name) === one),
  );
  return (
    <form className="policy-grid" onSubmit={submit}>
      <SettingsForm settings={settings} problemOf={violationOf} onChange={setSettings} />
      <div className="stack beside">
        <section className="card stack" aria-label="Your change" aria-live="polite">
          <h2>Your change</h2>
          <Differences of={changed} />
          <Findings of={findings} others={others} />
          {changed.length > 0 && findings.preview && <WouldEnd preview={findings.preview} />}
          <Failed error={findings.unknown} />
          {isOvertaken(save.error) ? (
            <Overtaken name={policy.name} base={base.settings} onTake={takeOver} />
          ) : (
            save.isError && <Failed error={save.error} />
          )}
          {findings.lint && <DocumentsMet of={findings.lint.compliance} />}
          {findings.violations.length > 0 && (
            <p className="small quiet">A value that is refused stands at its field.</p>
          )}
          <div className="actions">
            <SendButton
              scope="policies:write"
              type="submit"
              missing={whyOff(changed.length, findings.violations.length)}
              busy={save.isPending}
            >
              {save.isPending ? 'Saving …' : 'Save as a new version'}
            </SendButton>
            <button type="button" className="plain" onClick={onDone}>
              Cancel
            </button>
          </div>
        </section>
      </div>
    </form>
  );
}

/** Why a change cannot be saved, in words. */
function whyOff(changes: number, violations: number): string | undefined {
  if (violations > 0) return 'A value is refused. Its field says why.';
  return changes === 0 ? 'Nothing is changed yet.' : undefined;
}

/** The violation that stands at the field of a setting. */
const violationAt = (name: string, violations: readonly Fault[]) =>
  violations.find((one) => isAbout(one, name));

interface SettingsFormProps {
  readonly settings: Settings;
  readonly problemOf: (name: string) => Fault | undefined;
  readonly onChange: (settings: Settings) => void;
}

function SettingsForm({ settings, problemOf, onChange }: SettingsFormProps) {
  return (
    <section className="card stack" aria-label="Settings">
      <h2>Settings</h2>
      <div className="setting-fields">
        {policySettings.map((shape) => (
          <SettingField
            key={shape.name}
            shape={shape}
            value={settings[shape.name]}
            problem={problemOf(shape.name)?.detail}
            onChange={(value) => onChange({ ...settings, [shape.name]: value })}
          />
        ))}
      </div>
    </section>
  );
}

interface FindingsProps {
  readonly of: Pick<ReturnType<typeof useFindings>, 'warnings'>;
  /** The violations that belong to no field. */
  readonly others: readonly Fault[];
}

function Findings({ of: { warnings }, others }: FindingsProps) {
  return (
    <>
      {others.map(({ at, detail }) => (
        <p key={`${at} ${detail}`} className="notice bad">
          {sentenceWords(detail)}
        </p>
      ))}
      {warnings.map(({ code, setting, message }) => (
        <p key={code} className="notice">
          <span className="strong">{settingWords(setting)}</span> {sentenceWords(message)}
        </p>
      ))}
    </>
  );
}

/** The findings of the linter and the preview about settings that are not saved; both change nothing. */
function useFindings(policy: Policy, settings: Settings) {
  const wanted = useDeferredValue(settings) as SettingsBody;
  const lint = useQuery({ ...lintQuery(wanted), gcTime: 0, placeholderData: (before?: Lint) => before });
  // A value that is no value at all is refused before the linter sees it; the refusal names the field.
  const refused = lint.error instanceof Problem ? lint.error.faults : [];
  const violations = [
    ...(lint.data?.violations ?? []).map((detail): Fault => ({ at: 'body/settings', detail })),
    ...refused,
  ];
  const preview = useQuery({
    queryKey: ['policy preview', policy.name, wanted],
    enabled: lint.data?.valid === true && !lint.isPlaceholderData,
    gcTime: 0,
    queryFn: () =>
      bodyOf(adminApi.POST('/v1/policies/preview', { body: { name: policy.name, settings: wanted } })),
  });
  // Neither finding is known where nothing answered.
  const unknown = refused.length === 0 ? (lint.error ?? preview.error) : preview.error;
  return { violations, lint: lint.data, warnings: lint.data?.warnings ?? [], preview: preview.data, unknown };
}
