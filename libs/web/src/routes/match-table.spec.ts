import { type AskedRequest, readAsked } from './asked-request.js';
import { type Matching, MatchTable } from './match-table.js';

interface Named extends Matching {
  readonly name: string;
}

const route = (name: string, path: string, more: Partial<Matching['match']> = {}): Named => ({
  name,
  match: { hosts: ['a.test'], schemes: ['https'], path, methods: [], ...more },
  upstream: undefined,
  api: 'orders',
  browser: undefined,
});

const asked = (target: string, method = 'GET', host = 'a.test'): AskedRequest => {
  const read = readAsked({ method, scheme: 'https', host, target });
  if (typeof read === 'string') throw new Error(read);
  return read;
};

describe('the explanation of a route table', () => {
  const table = new MatchTable([
    route('deletes', '/admin/**', { methods: ['DELETE'] }),
    route('admin', '/admin/**'),
    route('plain', '/open', { schemes: ['http'] }),
    route('other-host', '/**', { hosts: ['b.test'], methods: ['POST'] }),
    route('all', '/**'),
    route('last', '/**'),
  ]);
  const told = (request: AskedRequest) =>
    table
      .explain(request)
      .map(({ route: { name }, verdict, misfits }) =>
        misfits.length > 0 ? `${name}: ${misfits.join('+')}` : `${name} ${verdict}`,
      );

  it('names the route that takes a request, those that come later, and every part that does not fit', () => {
    expect(told(asked('/admin/x'))).toEqual([
      'deletes: method',
      'admin takes_it',
      'plain: scheme+path',
      'other-host: host+method',
      'all comes_later',
      'last comes_later',
    ]);
  });

  it('names the earlier routes that another reading leads to', () => {
    expect(told(asked('/ADMIN/x'))).toEqual([
      'deletes: method',
      'admin applies_too',
      'plain: scheme+path',
      'other-host: host+method',
      'all takes_it',
      'last comes_later',
    ]);
  });

  it('sets routes aside that no reading of a rejected request fits exactly', () => {
    const alone = new MatchTable([route('admin', '/admin')]);
    expect(alone.met(asked('/ADMIN'))).toEqual([]);
    expect(alone.explain(asked('/ADMIN'))[0]).toMatchObject({ verdict: 'set_aside', misfits: [] });
  });

  it.each(['/admin', '/Admin/x', '/open', '/admin.json', '/%61dmin', '/x'])(
    'decides as the table does: %s',
    (target) => {
      const met = table.met(asked(target));
      const explained = table
        .explain(asked(target))
        .filter(({ verdict }) => verdict === 'takes_it' || verdict === 'applies_too');
      expect(explained.map(({ route: one }) => one)).toEqual(met);
    },
  );
});
