import { randomBytes } from 'node:crypto';
import { FormTokens } from './form-tokens.js';
import { PageSettings } from './page-settings.js';

const settings = (...formKeys: Uint8Array[]) =>
  new PageSettings({
    issuer: 'http://localhost:3000',
    cookieName: 'curfew',
    shortestPassword: 8,
    bodyBytes: 65_536,
    formKeys,
  });
const [older, newer] = [randomBytes(32), randomBytes(32)];

describe('a form token', () => {
  const tokens = new FormTokens(settings(older));
  const token = tokens.issue('account', 'browser-1', 'person-1');

  it('is accepted for what it was issued for', () => {
    expect(tokens.verify(token, 'account', 'browser-1', 'person-1')).toBe(true);
  });

  it.each([
    ['another purpose', ['interaction', 'browser-1', 'person-1']],
    ['another browser', ['account', 'browser-2', 'person-1']],
    ['another person', ['account', 'browser-1', 'person-2']],
    ['its parts divided otherwise', ['account', 'browser-1person', '-1']],
    ['fewer parts', ['account', 'browser-1']],
  ] as [string, [string, ...string[]]][])('is refused for %s', (_, [purpose, ...boundTo]) => {
    expect(tokens.verify(token, purpose, ...boundTo)).toBe(false);
  });

  it.each([undefined, '', 'x', `${token}x`, token.slice(1)])('is not %p', (forged) => {
    expect(tokens.verify(forged, 'account', 'browser-1', 'person-1')).toBe(false);
  });

  it('outlives the roll-over of the key, and dies with it', () => {
    const bound = ['account', 'browser-1', 'person-1'] as const;
    expect(new FormTokens(settings(newer, older)).verify(token, ...bound)).toBe(true);
    expect(new FormTokens(settings(newer)).verify(token, ...bound)).toBe(false);
  });
});
