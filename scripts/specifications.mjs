import { readdirSync } from 'node:fs';
import path from 'node:path';
import { at } from './repository.mjs';

const rooms = () =>
  ['libs', 'apps'].flatMap((folder) => readdirSync(at(folder)).map((room) => at(folder, room, 'src')));

/** The unit tests of every room, in one order, without those that cost much. */
export const specifications = () =>
  rooms()
    .flatMap((sources) => {
      const names = readdirSync(sources, { recursive: true, encoding: 'utf8' });
      return names
        .filter((name) => /(?<!\.costly)\.spec\.ts$/.test(name))
        .map((name) => path.join(sources, name));
    })
    .sort();
