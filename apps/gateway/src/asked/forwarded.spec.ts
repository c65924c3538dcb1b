import { readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { BlockList } from 'node:net';
import { type ForwardedForm, isTrusted, readForwarded } from './forwarded.js';

const proxies = new BlockList();
proxies.addSubnet('10.0.0.0', 8, 'ipv4');
proxies.addAddress('fd00::1', 'ipv6');

interface Shape {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** As much of a request as is read, with its headers both ways. */
const requestOf = ({ method, path, headers }: Shape, from = '10.1.2.3', more: readonly string[] = []) =>
  ({
    method,
    url: path,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    rawHeaders: [...Object.entries(headers).flat(), ...more],
    socket: { remoteAddress: from },
  }) as unknown as IncomingMessage;
const read = (
  shape: Shape,
  forms: readonly ForwardedForm[],
  from?: string,
  more?: readonly string[],
  hops = 1,
) =>
  readForwarded(requestOf(shape, from, more), shape.path.slice('/forward-auth'.length), {
    proxies,
    forms,
    hops,
  });

const folder = 'test/fixtures/forward-auth';
const fixtures = readdirSync(folder).map(
  (file) =>
    [file.replace('.json', ''), JSON.parse(readFileSync(`${folder}/${file}`, 'utf8'))] as [
      string,
      { form: ForwardedForm; request: Shape },
    ],
);

describe('the request that a proxy asks about', () => {
  it.each(fixtures)('is read as %s states it', (_, { form, request }) => {
    expect(read(request, [form])).toMatchObject({
      method: 'DELETE',
      scheme: 'https',
      host: 'orders.example.test',
      path: '/orders/7',
      query: '?dry=1',
    });
  });

  const parts = {
    method: 'GET',
    path: '/forward-auth',
    headers: {
      'X-Forwarded-Method': 'GET',
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-Host': 'orders.example.test',
      'X-Forwarded-Uri': '/orders',
    },
  };

  it.each([
    ['10.255.0.1', true],
    ['::ffff:10.0.0.1', true],
    ['fd00::1', true],
    ['192.0.2.1', false],
    ['::1', false],
  ])('is believed from a configured proxy only: %s', (from, believed) => {
    expect(read(parts, ['x-forwarded'], from) === 'untrusted_proxy').toBe(!believed);
  });

  it('is not looked for in a form that is not configured', () => {
    expect(read(parts, ['x-original'])).toBe('not_stated');
    expect(read(parts, [])).toBe('not_stated');
    const withBoth = { ...parts, headers: { ...parts.headers, 'X-Original-URL': 'https://other.example/' } };
    expect(read(withBoth, ['x-forwarded'])).toMatchObject({ host: 'orders.example.test' });
  });

  it('must not be stated twice, however it is spelled, nor in two ways that differ', () => {
    expect(read(parts, ['x-forwarded'], undefined, ['x-forwarded-uri', '/other'])).toBe('stated_twice');
    expect(read(parts, ['x-forwarded'], undefined, ['X_Forwarded_Uri', '/other'])).toBe('stated_twice');
    const url = (text: string) => ({
      ...parts,
      headers: { ...parts.headers, 'X-Original-URL': text, 'X-Original-Method': 'GET' },
    });
    expect(read(url('https://orders.example.test/orders'), ['x-forwarded', 'x-original'])).toMatchObject({
      path: '/orders',
    });
    expect(read(url('https://orders.example.test/open'), ['x-forwarded', 'x-original'])).toBe(
      'contradictory',
    );
  });

  it.each([
    ['wss', 1, 'https'],
    ['ws', 1, 'http'],
    ['HTTPS', 1, 'https'],
    ['https, http', 1, 'http'],
    ['https, http', 2, 'https'],
    ['http,https,http', 2, 'https'],
    ['https', 3, 'https'],
  ])('has the scheme %s at %i hops as %s', (proto, hops, scheme) => {
    const headers = { ...parts.headers, 'X-Forwarded-Proto': proto };
    expect(read({ ...parts, headers }, ['x-forwarded'], undefined, [], hops)).toMatchObject({ scheme });
  });

  it('has the host that the outermost of our proxies saw, not what a client put before it', () => {
    const headers = { ...parts.headers, 'X-Forwarded-Host': 'evil.test, orders.example.test, inner.test' };
    expect(read({ ...parts, headers }, ['x-forwarded'], undefined, [], 2)).toMatchObject({
      host: 'orders.example.test',
    });
  });

  it('must be whole', () => {
    const without = (name: string) => {
      const { [name]: _, ...headers } = parts.headers as Record<string, string>;
      return read({ ...parts, headers }, ['x-forwarded']);
    };
    // A proxy that does not say the method would have every route for DELETE passed as GET.
    expect(without('X-Forwarded-Method')).toBe('method_malformed');
    expect(without('X-Forwarded-Proto')).toBe('scheme_malformed');
    expect(without('X-Forwarded-Host')).toBe('host_malformed');
    expect(without('X-Forwarded-Uri')).toBe('target_malformed');
    const headers = { 'X-Original-URL': '/orders', 'X-Original-Method': 'GET' };
    expect(read({ ...parts, headers }, ['x-original'])).toBe('target_malformed');
    const whole = { 'X-Original-URL': 'https://orders.example.test/orders' };
    for (const method of [{}, { 'X-Original-Method': '' }, { 'X-Forwarded-Method': 'GET' }])
      expect(read({ ...parts, headers: { ...whole, ...method } }, ['x-original'])).toBe('method_malformed');
  });
});

describe('addresses of callers', () => {
  it('are a thousand for each list that are looked up once, and at one more all are looked up again', () => {
    let lookedUp = 0;
    const list = new BlockList();
    list.addSubnet('10.0.0.0', 8, 'ipv4');
    const check = list.check.bind(list) as (address: string, family?: 'ipv4' | 'ipv6') => boolean;
    list.check = (address: unknown, family?: 'ipv4' | 'ipv6') => {
      lookedUp += 1;
      return check(String(address), family);
    };
    const address = (n: number) => `10.0.${Math.floor(n / 256)}.${n % 256}`;
    const ask = (first: number, end: number) => {
      const addresses = Array.from({ length: end - first }, (_, n) => address(first + n));
      expect(addresses.filter((one) => !isTrusted(one, list))).toEqual([]);
    };
    ask(0, 1_000);
    ask(0, 1_000);
    expect(lookedUp).toBe(1_000);
    ask(1_000, 1_001);
    ask(1_000, 1_001);
    expect(lookedUp).toBe(1_001);
    ask(0, 1);
    expect(lookedUp).toBe(1_002);
    expect(isTrusted('192.0.2.1', list)).toBe(false);
  });
});
