import { readPath } from './path-reading.js';

const caselessOf = (path: string) => {
  const reading = readPath(path);
  return typeof reading === 'string' ? reading : reading.caseless;
};

describe('the reading of a path', () => {
  it.each([
    ['/admin/x', ['/admin/x']],
    ['/', ['/']],
    ['/admin/', ['/admin']],
    ['/ADMIN/x', ['/admin/x']],
    ['/%61dmin/x', ['/admin/x']],
    ['/admi%6E/x', ['/admin/x']],
    ['/%41DMIN', ['/admin']],
    ['/%7Eu/%c3%a4', ['/~u/ä']],
    ['/%c3%84', ['/ä']],
    ['/a%CC%88', ['/ä']],
    ['/adm%C4%B1n', ['/admin']],
    ['/adm%C4%B0n', ['/admin']],
    ['/%EF%BD%81dmin', ['/admin']],
    ['/%E2%84%AAeys', ['/keys']],
    ['/ad%C2%ADmin', ['/admin']],
    ['/ad%E2%80%8Dmin', ['/admin']],
    ['/.well-known/x', ['/.well-known/x']],
    ['/a{b}|c^d`e[f]', ['/a{b}|c^d`e[f]']],
    ['/admin%3Fx', ['/admin?x', '/admin']],
    ['/admin%23x', ['/admin#x', '/admin']],
    ['/admin%EF%BC%9Fx', ['/admin?x', '/admin']],
  ])('of %s takes spellings of one character for one', (path, meanings) =>
    expect(caselessOf(path)).toEqual(meanings),
  );

  it.each([
    ['/a%2Fb', 'encoded-slash', ['/a%2fb', '/a/b']],
    ['/a%2fb/', 'encoded-slash', ['/a%2fb', '/a/b']],
    ['/a;v=1/b', 'semicolon', ['/a;v=1/b', '/a/b']],
    ['/a%3Bv/b', 'semicolon', ['/a;v/b', '/a/b']],
    ['/100%25', 'encoded-percent', ['/100%25', '/100%']],
    ['/%2561dmin', 'encoded-percent', ['/%2561dmin', '/admin']],
    ['/%252561dmin', 'encoded-percent', ['/%252561dmin', '/%2561dmin', '/admin']],
    ['/a%252Fb', 'encoded-percent', ['/a%252fb', '/a%2fb', '/a/b']],
  ])('of %s has a trait that its route must allow: %s', (path, trait, meanings) => {
    const reading = readPath(path);
    expect(reading).toMatchObject({ traits: [trait] });
    expect(caselessOf(path)).toEqual(meanings);
  });

  it.each([
    '//orders',
    '/a//b',
    '/a//',
    '/a/./b',
    '/a/../b',
    '/a/..',
    '/.',
    '/%2e%2e/a',
    '/a/%2E/b',
    '/a%2Etxt',
    '/a%5Cb',
    '/a%00',
    '/a%0d%0ab',
    '/a%7f',
    '/a%C2%85',
    '/admin::$DATA',
    '/admin:%24DATA',
    '/admin%3A%3A$data',
    '/admin:$i30:$INDEX_ALLOCATION/x',
    '/admin.',
    '/admin./x',
    '/admin.../x',
    '/admin%20/x',
    '/admin%20',
    '/%20admin',
    '/admin%C2%A0/x',
    '/admin%09/x',
    '/a;/../b',
    '/..;/admin',
    '/;x/admin',
    '/a%2F..%2Fb',
    '/a%2F%2Fb',
    '/..%2Fadmin',
    '/%252e%252e/admin',
    '/a%255Cb',
    '/a%2500',
    '/%EF%BC%8E%EF%BC%8E/admin',
    '/a%EF%BC%BCb',
    `/%${'25'.repeat(40)}61`,
  ])('of %s is refused whatever a route allows', (path) => expect(readPath(path)).toBe('path_ambiguous'));

  it.each([
    '',
    'orders',
    '*',
    'https://x/',
    '/a\\b',
    '/a#b',
    '/ä',
    '/a%zz',
    '/a%2',
    '/a%',
    '/<a>',
    '/"a"',
    '/%c0%ae/admin',
    '/%c0%af',
    '/%e0%80%ae',
    '/%ff',
    '/%c3',
    '/%c3/%a4',
    '/%ed%a0%80',
    '/%u0061dmin',
  ])('is none where the path is none: %s', (path) => expect(readPath(path)).toBe('target_malformed'));
});
