import { parsePolicy } from '@curfew/session-policy';
import { settingNames } from '@curfew/session-policy/settings';
import { z } from 'zod';
import { holder, oneOf, type Step, type StepName, settings, stepKinds, strictFault, text } from './steps.js';

/** A scenario has at most so many steps. */
const maxSteps = 200;

/** How the client of a scenario authenticates: with a secret, with a key of its own (private_key_jwt), or not at all. */
export const clientKinds = ['secret', 'key', 'public'] as const;

/** A scenario, ready to be played. */
export interface Scenario {
  readonly title: string;
  readonly about: string;
  readonly client: (typeof clientKinds)[number];
  /** Settings on top of the profile `standard`; empty for that profile as it is. */
  readonly policy: Readonly<Record<string, unknown>>;
  readonly steps: readonly Step[];
}

/** A fault of a scenario: its place as a JSON pointer, and the allowed value. */
export interface ScenarioFault {
  readonly at: string;
  readonly detail: string;
}

const frame = z.strictObject(
  {
    title: text(120),
    about: text(2_000).optional(),
    client: oneOf(clientKinds).default('secret'),
    policy: settings.default({}),
    steps: z
      .array(z.unknown(), { error: 'must be a list of steps' })
      .min(1, { error: 'must have at least one step' })
      .max(maxSteps, { error: `must have at most ${maxSteps} steps` }),
  },
  { error: (issue) => strictFault(issue, ['title', 'about', 'client', 'policy', 'steps']) },
);

/** Reads a scenario, or says everything that is wrong with it at once. */
export function parseScenario(
  content: unknown,
): { readonly scenario: Scenario } | { readonly faults: ScenarioFault[] } {
  const read = frame.safeParse(content);
  const faults = read.success ? [] : read.error.issues.map((issue) => faultOf(issue, ''));
  const written = (content as { steps?: unknown } | null)?.steps;
  const steps = (Array.isArray(written) ? written.slice(0, maxSteps) : []).map((step, index) =>
    parseStep(step, `/steps/${index}`, faults),
  );
  faults.push(...policyFaults((content as { policy?: unknown } | null)?.policy ?? {}, '/policy'));
  faults.push(...unknownHolders(steps));
  if (!read.success || faults.length > 0) return { faults };
  const { title, about = '', client, policy } = read.data;
  return { scenario: { title, about, client, policy, steps: steps as Step[] } };
}

function parseStep(written: unknown, at: string, faults: ScenarioFault[]): Step | null {
  const known = Object.keys(stepKinds) as StepName[];
  if (typeof written !== 'object' || written === null || Array.isArray(written)) {
    faults.push({ at, detail: `must be a step such as "refresh: laptop"; steps are ${known.join(', ')}` });
    return null;
  }
  const { because = null, ...rest } = written as Record<string, unknown>;
  const [name, ...more] = Object.keys(rest);
  if (because !== null && typeof because !== 'string')
    faults.push({ at: `${at}/because`, detail: 'must be a text' });
  const kind = known.find((one) => one === name);
  if (kind === undefined || more.length > 0) {
    const unknown = [name, ...more].find((one) => !known.includes(one as StepName));
    const detail =
      unknown === undefined
        ? 'must be one step, not several; begin each with a dash'
        : `is no step; steps are ${known.join(', ')}`;
    faults.push({ at: unknown === undefined ? at : `${at}/${pointer(unknown)}`, detail });
    return null;
  }
  const { short, schema } = stepKinds[kind];
  const read = schema.safeParse(
    short !== null && typeof rest[kind] === 'string' ? { [short]: rest[kind] } : rest[kind],
  );
  if (!read.success) {
    faults.push(...read.error.issues.map((issue) => faultOf(issue, `${at}/${kind}`)));
    return null;
  }
  if (kind === 'change-policy') faults.push(...policyFaults(read.data, `${at}/${kind}`));
  return { name: kind, value: read.data, because: typeof because === 'string' ? because : null } as Step;
}

const pointer = (part: string): string => part.replaceAll('~', '~0').replaceAll('/', '~1');

const faultOf = ({ path, message }: z.core.$ZodIssue, at: string): ScenarioFault => ({
  at: [at, ...path.map((part) => pointer(String(part)))].join('/'),
  detail: message,
});

/** Faults of settings on top of `standard`; each sentence of the domain begins with the setting it is about. */
function policyFaults(settings: unknown, at: string): ScenarioFault[] {
  if (typeof settings !== 'object' || settings === null) return [];
  const parsed = parsePolicy({ basedOn: 'standard', ...settings });
  if (parsed.ok) return [];
  return parsed.violations.map((violation) => {
    const setting = settingNames.find((name) => violation.startsWith(`${name} `));
    return setting !== undefined && setting in settings
      ? { at: `${at}/${setting}`, detail: violation.slice(setting.length + 1) }
      : { at, detail: violation };
  });
}

/** Checks that every holder gets its tokens before it uses them. */
function unknownHolders(steps: readonly (Step | null)[]): ScenarioFault[] {
  const known = new Set<string>();
  const faults: ScenarioFault[] = [];
  const ask = (name: string, at: string) => {
    if (!known.has(name))
      faults.push({ at, detail: `has no tokens at this point: nobody signed in as ${name} before` });
  };
  steps.forEach((step, index) => {
    if (step === null) return;
    const at = `/steps/${index}/${step.name}`;
    const { name, value } = step;
    if (name === 'sign-in') known.add(value.holder);
    else if (name === 'steal') {
      ask(value.from, at);
      known.add(value.as);
    } else if (name === 'session') ask(value.of, at);
    else if (name === 'end') ask(value.session, at);
    else if (typeof value === 'object' && 'holder' in value && typeof value.holder === 'string')
      ask(value.holder, at);
  });
  return faults;
}

/** The schema of a scenario file (JSON Schema 2020-12), for editors. */
export function scenarioJsonSchema(): unknown {
  const because = text(500).optional().meta({ description: 'Why, for people who read along.' });
  const steps = Object.entries(stepKinds).map(([name, { about, short, schema }]) =>
    z
      .strictObject({ [name]: short === null ? schema : z.union([holder, schema]), because })
      .meta({ description: about }),
  );
  const whole = z.strictObject({
    ...frame.shape,
    steps: z
      .array(z.union(steps as [(typeof steps)[number], (typeof steps)[number]]))
      .min(1)
      .max(maxSteps),
  });
  return { title: 'A scenario for `curfew scenario run`', ...z.toJSONSchema(whole, { io: 'input' }) };
}
