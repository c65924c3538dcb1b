import type { KnownClient, KnownResource } from '@curfew/clients';
import { defaultScopes } from './access.js';

const client = (metadata: Partial<KnownClient['metadata']> = {}) =>
  ({ metadata }) as Pick<KnownClient, 'metadata'>;
const api = (...defaults: string[]) => ({ defaultScopes: defaults }) as unknown as KnownResource;

/** RFC 6749 §3.3: a request without a scope is for a predefined one, or fails. */
describe('the scope of a request that names none', () => {
  it('is that of the API it is for', () => {
    expect(defaultScopes(client(), [api('tools:use', 'tools:list')])).toEqual(['tools:use', 'tools:list']);
  });

  it('is that of all APIs it is for, each value once', () => {
    expect(defaultScopes(client(), [api('read', 'tools:use'), undefined, api('read', 'write')])).toEqual([
      'read',
      'tools:use',
      'write',
    ]);
  });

  it('has no value of the API that the client may not ask for', () => {
    const narrow = client({ scope: 'openid tools:list' });
    expect(defaultScopes(narrow, [api('tools:use', 'tools:list')])).toEqual(['tools:list']);
    expect(defaultScopes(client({ scope: 'email' }), [api('tools:use')])).toEqual([]);
  });

  it('never has the groups of people by the word of an API alone', () => {
    expect(defaultScopes(client(), [api('groups', 'tools:use')])).toEqual(['tools:use']);
    expect(defaultScopes(client({ scope: 'groups' }), [api('groups', 'tools:use')])).toEqual(['groups']);
  });

  it('is that of the client where it has one, whatever the API says', () => {
    const own = client({ scope: 'openid read write', default_scope: 'openid read' });
    expect(defaultScopes(own, [api('write')])).toEqual(['openid', 'read']);
    expect(defaultScopes(own, [])).toEqual(['openid', 'read']);
  });

  it('is none where neither has one', () => {
    expect(defaultScopes(client({ scope: 'openid read' }), [api(), undefined])).toEqual([]);
  });
});
