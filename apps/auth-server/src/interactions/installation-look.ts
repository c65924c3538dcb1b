import { readFile } from 'node:fs/promises';
import { installationLogo } from '@curfew/clients';
import { type Configuration, ConfigurationError, type ConfigurationFault } from '@curfew/config';
import { type Accents, type Appearance, accentFault } from '@curfew/pages';

type Logo = Exclude<ReturnType<typeof installationLogo>, string>;

/** The look of the installation, which pages have where the application has none of its own. */
export interface InstallationLook {
  readonly logo?: Logo | undefined;
  readonly accents: Accents;
}

/** Reads the look that the settings describe. Throws a `ConfigurationError` with every fault of the picture and the colours. */
export async function readInstallationLook({
  logo: file,
  accents,
}: Configuration['look']): Promise<InstallationLook> {
  const logo = file === undefined ? undefined : await readLogo(file);
  const faults: ConfigurationFault[] = [
    ...(typeof logo === 'string' ? [{ setting: 'CURFEW_LOGO', rule: logo }] : []),
    ...colourFault('light', accents.light, 'CURFEW_ACCENT_COLOR_LIGHT'),
    ...colourFault('dark', accents.dark, 'CURFEW_ACCENT_COLOR_DARK'),
  ];
  if (faults.length > 0 || typeof logo === 'string') throw new ConfigurationError(faults);
  return { logo, accents };
}

async function readLogo(file: string): Promise<Logo | string> {
  try {
    return installationLogo(await readFile(file));
  } catch (error) {
    return `names a file that cannot be read: ${(error as NodeJS.ErrnoException).code}`;
  }
}

function colourFault(
  appearance: Appearance,
  colour: string | undefined,
  setting: string,
): ConfigurationFault[] {
  const rule = colour === undefined ? null : accentFault(appearance, colour);
  return rule === null ? [] : [{ setting, rule }];
}
