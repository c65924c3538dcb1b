import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readDescription } from '../apply/description.js';
import { CommandError, exitCodes } from '../exit.js';
import { parseScenario, type Scenario } from './scenario.js';

/** A scenario and what it is called. */
export interface NamedScenario {
  readonly name: string;
  readonly scenario: Scenario;
}

/** The folder of the built-in scenarios. */
const folder = fileURLToPath(new URL('../../scenarios/', import.meta.url));

/** Names of the built-in scenarios, in the order in which they are best read. */
export async function builtInNames(): Promise<readonly string[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.yaml')).sort();
  return files.map((name) => name.slice(0, -'.yaml'.length));
}

/** A scenario by the name of a built-in one, or from a file. All faults of a file are told at once, by line. */
export async function scenarioOf(nameOrFile: string): Promise<NamedScenario> {
  if ((await builtInNames()).includes(nameOrFile))
    return {
      name: nameOrFile,
      scenario: await scenarioIn(join(folder, `${nameOrFile}.yaml`), `${nameOrFile}.yaml`),
    };
  if (!/[./\\]/.test(nameOrFile))
    throw new CommandError(
      `there is no scenario ${nameOrFile}: there are ${(await builtInNames()).join(', ')}; a file of yours is named with its ending`,
      exitCodes.notFound,
    );
  const name = basename(nameOrFile).replace(/\.(ya?ml|json)$/, '');
  return { name, scenario: await scenarioIn(nameOrFile, nameOrFile) };
}

async function scenarioIn(file: string, shown: string): Promise<Scenario> {
  const written = await readDescription(file, shown);
  const read = parseScenario(written.content);
  if ('scenario' in read) return read.scenario;
  const faults = read.faults.map(({ at, detail }) => written.told({ at: `body/description${at}`, detail }));
  throw new CommandError(faults.join('\n'), exitCodes.usage);
}
