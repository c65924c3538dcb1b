import type { KeptRoute } from '@curfew/config';

/** A trait of a path that some programs read in one way and some in another. Only a route that lists it lets it pass. */
export type PathTrait = NonNullable<KeptRoute['allow']>[number];

/** A path as it was sent, with everything that upstreams are known to make of it. */
export interface PathReading {
  readonly sent: string;
  /** Decoded, without a slash at the end, one for each way to read it; letter case as sent. */
  readonly meanings: readonly string[];
  /** The same for an upstream that does not distinguish letter case. */
  readonly caseless: readonly string[];
  readonly traits: readonly PathTrait[];
}

/** Why a path cannot be decided on. */
export type PathFault = 'target_malformed' | 'path_ambiguous';

/** Lower-case segments of unreserved characters without a dot at either end: every program reads them as they stand. */
const plain = /^(?:\/[a-z0-9_~-](?:[a-z0-9._~-]*[a-z0-9_~-])?)+\/?$/;

/** Characters of RFC 3986 §3.3, and those that browsers send as they are (WHATWG URL, path percent-encode set). */
const wellFormed = /^\/(?:[\w.~!$&'()*+,;=:@/[\]|^`{}-]|%[0-9a-f]{2})*$/i;

/** Never needed, and read in two ways by programs in use: encoded dots, backslashes and control characters. */
const neverAllowed = /%(?:2e|5c|[01][0-9a-f]|7f)/i;

const traitsOf: readonly (readonly [PathTrait, RegExp])[] = [
  ['encoded-slash', /%2f/i],
  ['encoded-percent', /%25/],
  ['semicolon', /;|%3b/i],
];

/** More readings than this are no path that anybody means. */
const maxMeanings = 32;

/**
 * Reads a path in every way that upstreams are known to read it: percent-encodings decoded (RFC 3986 §6.2.2.2), once or again;
 * encoded slashes as separators; parameters of segments and what follows an encoded question mark cut off; compatibility
 * characters as the ASCII they resemble. A path of which one reading has dot segments, empty segments or blanks around a name is
 * ambiguous whatever a route allows.
 */
export function readPath(sent: string): PathReading | PathFault {
  if (plain.test(sent)) {
    const alone = [withoutLastSlash(sent)];
    return { sent, meanings: alone, caseless: alone, traits: [] };
  }
  if (!wellFormed.test(sent)) return 'target_malformed';
  const first = neverAllowed.test(sent) ? undefined : decoded(sent);
  if (first === undefined) return neverAllowed.test(sent) ? 'path_ambiguous' : 'target_malformed';
  const readings = readingsOf(first);
  if (!readings) return 'path_ambiguous';
  const meanings = [...new Set(readings.map(withoutLastSlash))];
  return {
    sent,
    meanings,
    caseless: [...new Set(meanings.map(withoutCase))],
    traits: traitsOf.flatMap(([trait, sign]) => (sign.test(sent) ? [trait] : [])),
  };
}

/** The text in which letter case, compatibility forms and characters that do not show are no difference. */
export function withoutCase(text: string): string {
  const shown = text.normalize('NFKC').replace(/\p{Default_Ignorable_Code_Point}/gu, '');
  // Upper case first: only so do ſ, ß and the dotless ı meet the letters they are taken for.
  return shown.toUpperCase().toLowerCase().replaceAll('i\u0307', 'i');
}

/** Decodes percent-encodings once, except those of slash and percent; undefined where the bytes are no UTF-8 (RFC 3629 §3). */
export function decoded(text: string): string | undefined {
  try {
    return text.replace(/(?:%[0-9a-f]{2})+/gi, (run) =>
      run
        .toUpperCase()
        .split(/(%2F|%25)/)
        .map((part) => (part === '%2F' || part === '%25' ? part : decodeURIComponent(part)))
        .join(''),
    );
  } catch {
    return undefined;
  }
}

/** Without the slash at the end, which many routers ignore. */
export const withoutLastSlash = (path: string): string => path.replace(/(?<=.)\/$/, '');

function readingsOf(first: string): readonly string[] | undefined {
  const readings = new Set([first]);
  for (const reading of readings) {
    if (isAmbiguous(reading)) return undefined;
    for (const other of readAgain(reading)) {
      if (other === undefined) return undefined;
      readings.add(other);
    }
    if (readings.size > maxMeanings) return undefined;
  }
  return [...readings];
}

/** The readings another program could derive from this one; undefined for a path that only an attacker would send. */
function readAgain(reading: string): readonly (string | undefined)[] {
  const others: (string | undefined)[] = [];
  if (reading.includes('%2F')) others.push(reading.replaceAll('%2F', '/'));
  if (reading.includes('%25')) others.push(decoded(reading.replaceAll('%25', '%')));
  if (reading.includes(';')) others.push(reading.replace(/;[^/]*/g, ''));
  if (/[?#]/.test(reading)) others.push(reading.replace(/[?#].*$/s, ''));
  const resembling = reading.normalize('NFKC');
  if (resembling !== reading.normalize('NFC')) others.push(resembling);
  return others;
}

/**
 * Windows drops dots and blanks at the end of a name, and other programs trim: `/admin.` is `/admin` there. So is `/admin::$DATA`, and
 * `/admin:$i30:$INDEX_ALLOCATION` the folder: NTFS takes what follows the colon for a stream of the file (CVE-2010-2731).
 */
const isAmbiguous = (reading: string): boolean =>
  /\/\/|\\|\p{Cc}|(?:^|\/)\.{1,2}(?:\/|$)|\.(?:\/|$)|\/\s|\s(?:\/|$)|:\$/u.test(reading);
