import { normalResource, otherSpellings } from './resource-indicator.js';

describe('two spellings of a resource indicator', () => {
  it.each([
    ['HTTPS://Orders.Example.TEST', 'https://orders.example.test'],
    ['https://orders.example.test/', 'https://orders.example.test'],
    ['https://orders.example.test:443/v1/', 'https://orders.example.test/v1'],
    ['http://[::1]:80/V1', 'http://[::1]/V1'],
    ['https://orders.example.test:8443/?q=/', 'https://orders.example.test:8443/?q=/'],
    ['https://orders.example.test//', 'https://orders.example.test/'],
  ])('are one text in their normal form: %s', (sent, normal) => {
    expect(normalResource(sent)).toBe(normal);
  });

  it.each([
    'https://orders.example.test/V1',
    'https://orders.example.test/%761',
    'https://orders.example.test/x/../v1',
    'https://orders.example.test\\v1',
    'https://orders.example.test/v1?',
    'https://orders.example.test/v1#',
    'https://orders.example.test./v1',
    'https://orders.example.test:0443/v1',
    'https://a@orders.example.test/v1',
    'https://%6frders.example.test/v1',
    'https:orders.example.test/v1',
    'http://orders.example.test/v1',
    ' https://orders.example.test/v1',
    'https://orders.example.test/v1//',
    'URN:example:orders',
  ])('are different in anything else: %j', (other) => {
    expect(normalResource(other)).not.toBe('https://orders.example.test/v1');
    expect(otherSpellings(other)).not.toContain('https://orders.example.test/v1');
  });

  it('are looked for without and with a slash at the end, and only for web addresses', () => {
    expect(otherSpellings('https://Orders.example.test')).toEqual([
      'https://orders.example.test',
      'https://orders.example.test/',
    ]);
    expect(otherSpellings('https://orders.example.test')).toEqual(['https://orders.example.test/']);
    expect(otherSpellings('urn:example:orders')).toEqual([]);
  });
});
