import { ConfigurationError, loadConfiguration } from './index.js';

const enough = {
  DATABASE_URL: 'postgresql://curfew:hunter2@db.example:5432/curfew',
  CURFEW_KEY_ENCRYPTION_SECRETS: 'a secret of at least thirty-two characters',
};

function faultsOf(env: Record<string, string>): string[] {
  try {
    loadConfiguration(env);
    return [];
  } catch (error) {
    return (error as ConfigurationError).faults.map(({ setting, rule }) => `${setting} ${rule}`);
  }
}

describe('the address of a database', () => {
  const faultOf = (url: string, setting = 'DATABASE_URL'): string[] =>
    faultsOf({ ...enough, [setting]: url });

  it.each([
    'postgresql://u:p@one:5432/name',
    'postgres://u:p@[::1]:5432/name?sslmode=require',
    'postgresql://u:p%40ss@one:5432,two,[fd00::3]:5433/name?target_session_attrs=read-write',
    'postgresql:///name?host=/run/postgresql',
  ])('may be %s', (url) => {
    expect(faultOf(url)).toEqual([]);
    expect(faultOf(url, 'DATABASE_DIRECT_URL')).toEqual([]);
  });

  it.each([
    ['mysql://u:hunter2@one/name', 'must be a postgresql:// URL'],
    ['postgresql://u:hunter2@one:5432,,two/name', 'must name every host of its list: host 2 of 3 is empty'],
    ['postgresql://u:hunter2@one,:5432/name', 'must name every host of its list: host 2 of 2 is empty'],
    [
      'postgresql://u:hunter2@one,two:70000/name',
      'must be a postgresql:// URL: host 2 of 2 is no name or address with a port from 1 to 65535; an IPv6 address stands in brackets',
    ],
    [
      'postgresql://u:hunter2@fd00::3,two/name',
      'must be a postgresql:// URL: host 1 of 2 is no name or address with a port from 1 to 65535; an IPv6 address stands in brackets',
    ],
    ['postgresql://u:hunter2@one,one/name', 'must name each host of its list once'],
    [
      'postgresql:///name?host=one,two',
      'must list its hosts before the path, as in postgresql://user@one:5432,two:5432/name, and not in parameters',
    ],
    [
      'postgresql://u:hunter2@one,two/name?target_session_attrs=standby',
      'must ask for a server that takes writes: target_session_attrs is read-write, primary or any',
    ],
  ])('is refused as %s', (url, rule) => {
    expect(faultOf(url)).toEqual([`DATABASE_URL ${rule}`]);
    expect(faultOf(url, 'DATABASE_DIRECT_URL')).toEqual([`DATABASE_DIRECT_URL ${rule}`]);
  });
});
