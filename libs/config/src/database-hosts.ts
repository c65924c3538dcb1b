import { z } from 'zod';
import { Secret } from './secret.js';

/** Attributes of a server that may be asked for; every other one would lead to a standby, from which nothing is served. */
const attributes = new Set(['any', 'read-write', 'primary']);

/**
 * One URL for each host of a list (libpq, "Specifying Multiple Hosts"): `postgresql://user@a:5432,b:5433/name` names two servers, of which the
 * one that takes writes is meant.
 */
export function databaseUrls(url: string): readonly string[] {
  const { before, hosts, after } = parts(url) ?? { before: '', hosts: [url], after: '' };
  return hosts.map((host) => `${before}${host}${after}`);
}

/** The rule that a database's URL breaks, or null. It never quotes the URL, which has a password in it. */
export function faultOfDatabaseUrl(url: string): string | null {
  const found = parts(url);
  if (!found) return 'must be a postgresql:// URL';
  const { before, hosts, after } = found;
  const isList = hosts.length > 1;
  for (const [index, host] of hosts.entries()) {
    const which = isList ? `host ${index + 1} of ${hosts.length}` : 'its host';
    if (isList && /^(:\d*)?$/.test(host)) return `must name every host of its list: ${which} is empty`;
    if (!URL.canParse(`${before}${host}${after}`))
      return `must be a postgresql:// URL: ${which} is no name or address with a port from 1 to 65535; an IPv6 address stands in brackets`;
  }
  if (new Set(hosts).size < hosts.length) return 'must name each host of its list once';
  return faultOfParameters(new URL(`${before}${hosts[0]}${after}`).searchParams);
}

function faultOfParameters(parameters: URLSearchParams): string | null {
  if (/,/.test(`${parameters.get('host') ?? ''}${parameters.get('port') ?? ''}`))
    return 'must list its hosts before the path, as in postgresql://user@one:5432,two:5432/name, and not in parameters';
  const attribute = parameters.get('target_session_attrs');
  return attribute === null || attributes.has(attribute)
    ? null
    : 'must ask for a server that takes writes: target_session_attrs is read-write, primary or any';
}

function parts(url: string) {
  const [, scheme, user = '', hosts = '', after] =
    /^(postgres(?:ql)?:\/\/)([^@/?#]*@)?([^/?#]*)(.*)$/i.exec(url) ?? [];
  return scheme === undefined
    ? undefined
    : { before: scheme + user, hosts: hosts.split(','), after: after ?? '' };
}

/** A setting that names a database. */
export const databaseAddress = (about: string) =>
  z
    .string()
    .trim()
    .superRefine((value, context) => {
      const fault = faultOfDatabaseUrl(value);
      if (fault) context.addIssue({ code: 'custom', message: fault });
    })
    .transform((value) => new Secret(value))
    .optional()
    .meta({ about, form: 'a postgresql:// URL; several hosts are separated by commas' });
