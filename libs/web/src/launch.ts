import { readdirSync, statSync } from 'node:fs';
import * as module from 'node:module';
import { fileURLToPath } from 'node:url';

const modified = (file: URL): number => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** The top folder, seen from where this file stands once it is compiled. */
const top = new URL('../../../', import.meta.url);

/** Whether anything was compiled after an instant; the compiler leaves a note beside each room and each app. */
const compiledAfter = (instant: number): boolean =>
  ['libs', 'apps'].some((folder) =>
    readdirSync(new URL(folder, top)).some(
      (name) => modified(new URL(`${folder}/${name}/tsconfig.tsbuildinfo`, top)) > instant,
    ),
  );

/**
 * Loads a compiled program that stands beside `main`: its bundle, or the program as it was compiled where there is no bundle or it is
 * older. Node from version 22 on keeps the machine's code of a bundle beside it, where that folder can be written.
 */
export async function launch(main: string, program: string): Promise<void> {
  const bundle = new URL(`bundle/${program}.js`, main);
  const bundledAt = modified(bundle);
  if (bundledAt === 0 || compiledAfter(bundledAt)) {
    await import(new URL(`${program}.js`, main).href);
    return;
  }
  // That folder has the owner of the bundle, so the kept code adds no way in.
  module.enableCompileCache?.(fileURLToPath(new URL('kept-code', bundle)));
  await import(bundle.href);
}
