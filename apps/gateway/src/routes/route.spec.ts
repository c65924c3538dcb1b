import { readAsked } from '../asked/asked-request.js';
import { type Route, type RouteMatch, RouteTable } from './route.js';

const route = (name: string, match: Partial<RouteMatch>): Route => ({
  name,
  match: { hosts: ['a.test'], schemes: ['https'], path: '/**', methods: [], ...match },
  api: null,
  required: {},
  upstream: undefined,
  passToken: false,
  browser: undefined,
});
const asked = (url: string, method = 'GET') => {
  const { protocol, host, pathname, search } = new URL(url);
  const read = readAsked({ method, scheme: protocol.slice(0, -1), host, target: pathname + search });
  if (typeof read === 'string') throw new TypeError(read);
  return read;
};

describe('the route table', () => {
  const table = new RouteTable([
    route('exact', { path: '/orders' }),
    route('one', { path: '/orders/*/lines' }),
    route('below', { path: '/orders/**' }),
    route('dots', { path: '/v1.0/x+y' }),
    route('deleting', { path: '/**', methods: ['DELETE'] }),
    route('wild', { hosts: ['*.b.test'] }),
    route('plain', { hosts: ['c.test:8080'], schemes: ['http'] }),
  ]);

  it.each([
    ['https://a.test/orders', 'GET', 'exact'],
    ['https://a.test/orders/7/lines', 'GET', 'one'],
    ['https://a.test/orders/7', 'GET', 'below'],
    ['https://a.test/orders/', 'GET', 'below'],
    ['https://a.test/ordersx', 'GET', undefined],
    ['https://a.test/v1.0/x+y', 'GET', 'dots'],
    ['https://a.test/v1x0/x+y', 'GET', undefined],
    ['https://a.test/anything', 'DELETE', 'deleting'],
    ['http://a.test/orders', 'GET', undefined],
    ['https://x.b.test/', 'GET', 'wild'],
    ['https://x.y.b.test/', 'GET', undefined],
    ['https://b.test/', 'GET', undefined],
    ['http://c.test:8080/', 'GET', 'plain'],
    ['http://c.test/', 'GET', undefined],
  ])('sends %s by %s to %s', (url, method, name) => expect(table.find(asked(url, method))?.name).toBe(name));
});
