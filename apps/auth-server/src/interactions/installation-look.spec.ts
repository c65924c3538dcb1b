import { fileURLToPath } from 'node:url';
import { readInstallationLook } from './installation-look.js';
import { PageSettings } from './page-settings.js';

const fixture = fileURLToPath(new URL('../../../../test/fixtures/logo.png', import.meta.url));
const none = { light: undefined, dark: undefined };

it('keeps the picture as it is written anew, under a name that is no name of a client’s logo', async () => {
  const { logo, accents } = await readInstallationLook({ logo: fixture, accents: none });
  expect(logo?.name).toMatch(/^logo-[0-9a-f]{16}\.png$/);
  expect(logo?.png.includes('made by an editor')).toBe(false);
  expect(accents).toEqual(none);
  expect(await readInstallationLook({ logo: undefined, accents: none })).toEqual({ accents: none });
});

it.each([
  ['a file that is not there', { logo: '/nowhere/logo.png' }, /CURFEW_LOGO names a file .*: ENOENT$/],
  ['a folder', { logo: '/' }, /CURFEW_LOGO names a file .*: EISDIR$/],
  ['a file that is no picture', { logo: fileURLToPath(import.meta.url) }, /CURFEW_LOGO must be a PNG$/],
  ['a colour by name', { light: 'red' }, /CURFEW_ACCENT_COLOR_LIGHT must be a colour of the form #rrggbb/],
  ['a pale colour', { light: '#ffd400' }, /CURFEW_ACCENT_COLOR_LIGHT must have a contrast .* it has 1\.\d\d/],
  ['a murky colour', { dark: '#0b5d3b' }, /CURFEW_ACCENT_COLOR_DARK must have a contrast .* it has 2\.\d\d/],
])('refuses %s', async (_, { logo, ...colours }: Record<string, string>, fault) => {
  const look = { logo, accents: { ...none, ...colours } };
  await expect(readInstallationLook(look)).rejects.toThrow(fault);
});

it('tells all faults at once', async () => {
  const accents = { light: '#ffffff', dark: '#000000' };
  const faults = await readInstallationLook({ logo: '/', accents }).catch(({ faults }) => faults);
  expect(faults.map(({ setting }: { setting: string }) => setting)).toEqual([
    'CURFEW_LOGO',
    'CURFEW_ACCENT_COLOR_LIGHT',
    'CURFEW_ACCENT_COLOR_DARK',
  ]);
});

it('gives a page each part that its application has, and the installation’s for the others', async () => {
  const look = await readInstallationLook({ logo: fixture, accents: { light: '#0b5d3b', dark: '#8fdcaa' } });
  const parts = {
    issuer: 'https://id.example',
    cookieName: 'c',
    shortestPassword: 12,
    bodyBytes: 1,
    formKeys: [],
  };
  const settings = new PageSettings({ ...parts, look });
  const brand = `/assets/${look.logo?.name}`;
  const logo = { png: Buffer.alloc(0), name: 'logo-shop-0.png' };
  expect(settings.lookFor({ accents: none })).toEqual({
    brand,
    logo: undefined,
    stylesheet: '/assets/accent-0b5d3b-8fdcaa.css',
  });
  expect(settings.lookFor({ logo, accents: { light: '#4338ca', dark: undefined } })).toEqual({
    brand,
    logo: '/assets/logo-shop-0.png',
    stylesheet: '/assets/accent-4338ca-8fdcaa.css',
  });
  expect(new PageSettings(parts).pageFor({ headers: {} }).look).toEqual({});
});
