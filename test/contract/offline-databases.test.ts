import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignalsReader } from '@curfew/signals';
import { mmdbFile } from '../support/mmdb.js';

let folder: string;
const file = async (name: string, content: Buffer | string): Promise<string> => {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'curfew-mmdb-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('knows the city of an address in the language of the reader, or else in English', async () => {
  const reader = await readerOver({
    '192.0.2.0/24': { country: { iso_code: 'DE' }, city: { names: { en: 'Munich', de: 'München' } } },
    '198.51.100.0/24': { country: { iso_code: 'FR' }, city: { names: { en: 'Lyon' } } },
    '203.0.113.0/24': { country: { iso_code: 'FR' }, city: 'Lyon' },
  });
  const cities = ['192.0.2.7', '198.51.100.7', '203.0.113.7', '127.0.0.1', null];
  expect(cities.map((ip) => reader.city(ip, 'de'))).toEqual(['München', 'Lyon', null, null, null]);
  expect(reader.city('192.0.2.7', 'en')).toBe('Munich');
});

const policyBy = (ipGranularity: 'asn' | 'country') => ({ ipChange: 'step_up', ipGranularity }) as const;

const readerOver = async (records: Parameters<typeof mmdbFile>[1]) => {
  const path = await file(`${Math.random()}.mmdb`, mmdbFile('Test', records));
  return SignalsReader.open({ trustedHops: 0, asnDatabase: path, countryDatabase: path });
};

describe('network and country from offline databases', () => {
  it('are read for IPv4, IPv4-mapped and IPv6 addresses, and unknown outside', async () => {
    const asnDatabase = await file(
      'asn.mmdb',
      mmdbFile('GeoLite2-ASN', {
        '203.0.113.0/24': { autonomous_system_number: 64_500, autonomous_system_organization: 'Example' },
        '2001:db8::/32': { autonomous_system_number: 4_200_000_001 },
      }),
    );
    const countryDatabase = await file(
      'country.mmdb',
      mmdbFile('GeoLite2-Country', { '203.0.113.0/25': { country: { iso_code: 'DE' } } }),
    );
    const reader = await SignalsReader.open({ trustedHops: 0, asnDatabase, countryDatabase });
    const read = (socketAddress: string) => {
      const { asn, country } = reader.read({ socketAddress, headers: {} });
      return { asn, country };
    };
    expect(read('203.0.113.9')).toEqual({ asn: 64_500, country: 'DE' });
    expect(read('::ffff:203.0.113.9')).toEqual({ asn: 64_500, country: 'DE' });
    expect(read('203.0.113.200')).toEqual({ asn: 64_500, country: null });
    expect(read('2001:db8:7::1')).toEqual({ asn: 4_200_000_001, country: null });
    expect(read('198.51.100.1')).toEqual({ asn: null, country: null });
    expect(reader.provides).toEqual({ asn: true, country: true });
    reader.requireFor(policyBy('asn'));
    reader.requireFor(policyBy('country'));
  });

  it.each([
    [{ asn: 'AS64501', country: 'fr' }, 64_501, 'FR'],
    [{ asn: '64502', country_code: 'NL' }, 64_502, 'NL'],
    [{ asn: 'nonsense', country: 'Atlantis' }, null, null],
    [{ asn: 0, country: { iso_code: 7 } }, null, null],
  ])('understand a record %j', async (record, asn, country) => {
    const reader = await readerOver({ '203.0.113.0/24': record as Record<string, string> });
    expect(reader.read({ socketAddress: '203.0.113.1', headers: {} })).toMatchObject({ asn, country });
  });
});

describe('an address database that cannot be used', () => {
  it('is a fault named by setting, without its path, where a policy needs it', async () => {
    const missing = join(folder, 'secret-name.mmdb');
    const reader = await SignalsReader.open({ trustedHops: 0, asnDatabase: missing });
    expect(reader.provides.asn).toBe(false);
    expect(reader.faults).toEqual(['CURFEW_MAXMIND_ASN names a file that cannot be read (ENOENT)']);
    expect(() => reader.requireFor(policyBy('asn'))).toThrow(
      /needs CURFEW_MAXMIND_ASN, which names a file that cannot be read/,
    );
    expect(() => reader.requireFor(policyBy('asn'))).not.toThrow(/secret-name/);
  });

  it.each([
    ['text', 'this is no database'],
    ['nothing', ''],
    ['a truncated database', mmdbFile('Test', { '203.0.113.0/24': { asn: 1 } }).subarray(0, 300)],
  ])('holding %s is reported as no database', async (_, content) => {
    const countryDatabase = await file('broken.mmdb', content as string);
    const reader = await SignalsReader.open({ trustedHops: 0, countryDatabase });
    expect(reader.faults).toEqual(['CURFEW_MAXMIND_COUNTRY names a file that is no MMDB database']);
    expect(() => reader.requireFor(policyBy('country'))).toThrow('is no MMDB database');
  });

  it('does not fail a request when a record is damaged', async () => {
    const content = mmdbFile('Test', { '203.0.113.0/24': { asn: 64_500 } });
    const marker = content.indexOf(Buffer.from('ABCDEF4D61784D696E642E636F6D', 'hex'));
    content.fill(0, marker - 14, marker);
    const asnDatabase = await file('damaged.mmdb', content);
    const reader = await SignalsReader.open({ trustedHops: 0, asnDatabase });
    expect(reader.read({ socketAddress: '203.0.113.1', headers: {} }).asn).toBeNull();
  });
});
