import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { clientPath } from '../client-path.js';
import { contextOf } from '../context.js';
import { CommandError, exitCodes } from '../exit.js';
import { facts } from '../output.js';

interface LookOptions {
  readonly logo?: string;
  readonly accentLight?: string;
  readonly accentDark?: string;
}

/** `curfew clients look`. */
export const clientLook = (): Command =>
  new Command('look')
    .summary('give a client a logo and colours on the pages of sign-in and consent')
    .argument('<id>')
    .option('--logo <file>', 'a PNG of at most 32 KiB and 512 pixels along each side, or none')
    .option('--accent-light <colour>', 'the colour of links and buttons, #rrggbb, or none')
    .option('--accent-dark <colour>', 'the same for people who prefer a dark appearance')
    .addHelpText(
      'after',
      `
An option that is left out changes nothing. A colour that is hard to read on the pages is refused with its contrast.

Example:
  curfew clients look shop --logo shop.png --accent-light "#0b5d3b" --accent-dark none`,
    )
    .action(async (id: string, options: LookOptions, command: Command) => {
      const members = {
        logo_png: options.logo && (await logoOf(options.logo)),
        accent_color_light: options.accentLight && orNull(options.accentLight),
        accent_color_dark: options.accentDark && orNull(options.accentDark),
      };
      const change = Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
      if (Object.keys(change).length === 0)
        throw new CommandError('name at least one of --logo, --accent-light, --accent-dark', exitCodes.usage);
      const context = contextOf(command);
      const admin = await context.admin();
      const path = clientPath(id);
      const { version } = await admin.get(path);
      const { body } = await admin.send('PATCH', path, { body: change, version });
      if (context.output.json) return context.output.line(JSON.stringify(body, null, 2));
      context.output.line(
        facts([
          ['logo', body.logo_png ? `${Buffer.from(body.logo_png, 'base64').length} bytes` : 'none'],
          ['light', body.accent_color_light ?? 'none'],
          ['dark', body.accent_color_dark ?? 'none'],
        ]),
      );
    });

const orNull = (value: string): string | null => (value === 'none' ? null : value);

async function logoOf(file: string): Promise<string | null> {
  if (file === 'none') return null;
  const picture = await readFile(file).catch(() => {
    throw new CommandError(`${file} cannot be read`, exitCodes.usage);
  });
  return picture.toString('base64');
}
