import { endReasons, instant } from '@curfew/session-policy';
import type { StoredEvent } from '../delivery/delivery.js';
import { deliveryBehind, offeredEvents, setClaims, setId, typesBehind } from './security-event.js';

const identity = { issuer: 'https://id.example.test', audience: 'api' };
const anEvent = (type: string, data: object = {}): StoredEvent => ({
  id: '018c-event',
  at: instant(1_900_000_000_500),
  type,
  sessionId: 'session',
  accountId: 'account',
  clientId: 'web',
  data: data as StoredEvent['data'],
});
const told = (type: string, data: object = {}) => {
  const claims = setClaims(identity, 'set-1', anEvent(type, data), 1_900_000_001);
  return claims && Object.entries(claims['events'] as Record<string, Record<string, unknown>>)[0]!;
};

describe('a security event token', () => {
  it('has an initiator of the four of CAEP and a sentence for every reason of an end', () => {
    for (const reason of endReasons) {
      const [, claims] = told('session.ended', { reason })!;
      expect(['admin', 'user', 'policy', 'system']).toContain(claims['initiating_entity']);
      expect((claims['reason_admin'] as { en: string }).en).toMatch(/\.$/);
    }
  });

  it('says no more than that it ended, where a newer version wrote a reason that this one does not know', () => {
    expect(told('session.ended', { reason: 'of_a_newer_version' })![1]).toMatchObject({
      initiating_entity: 'policy',
      reason_admin: { en: 'The session ended.' },
    });
  });

  it('believes the event about who caused it, rather than the reason', () => {
    const by = (kind: string) =>
      told('session.ended', { reason: 'logout', by: { kind } })![1]['initiating_entity'];
    expect(['administrator', 'user', 'client', 'system', 'policy'].map(by)).toEqual([
      'admin',
      'user',
      'user',
      'system',
      'policy',
    ]);
  });

  it('tells of a step-up and of its completion as a change of the assurance level, with namespace, level and direction', () => {
    const [uri, required] = told('session.step_up_required')!;
    expect(uri).toMatch(/assurance-level-change$/);
    expect(required).toMatchObject({
      namespace: 'urn:curfew:step-up',
      current_level: 'step_up_required',
      change_direction: 'decrease',
    });
    expect(told('session.stepped_up')![1]).toMatchObject({
      current_level: 'stepped_up',
      change_direction: 'increase',
    });
  });

  it('tells of an account only when it was disabled, and of nothing CAEP has no word for', () => {
    expect(told('account.changed', { change: 'disabled' })![0]).toMatch(/account-disabled$/);
    expect(told('account.changed', { change: 'enabled' })).toBeNull();
    expect(told('toString')).toBeNull();
  });

  it('tells of a changed password as a change of the credential, to those who asked for it', () => {
    const event = anEvent('account.changed', { change: 'password_changed', by: { kind: 'user' } });
    const claimsFor = (requested?: string[]) =>
      setClaims({ ...identity, requested }, 'j', event, 1)?.['events'];
    const uri = 'https://schemas.openid.net/secevent/caep/event-type/credential-change';
    expect(claimsFor()).toEqual({
      [uri]: {
        event_timestamp: 1_900_000_000,
        credential_type: 'password',
        change_type: 'update',
        initiating_entity: 'user',
        reason_admin: { en: 'The password of the account was changed.' },
      },
    });
    expect(claimsFor(offeredEvents.filter((one) => one !== uri))).toBeUndefined();
  });

  it('has the transaction of its cause: an end that took others along is one', () => {
    const txn = (data: object) => setClaims(identity, 'j', anEvent('session.ended', data), 1)!['txn'];
    expect([txn({ reason: 'logout' }), txn({ reason: 'logout', because: 'another' })]).toEqual([
      '018c-event',
      'another',
    ]);
  });

  it('has an id from which its delivery is found again, and no other id is', () => {
    expect(deliveryBehind(setId('4711'))).toBe('4711');
    expect(['set-', 'set-1x', '4711', 'set-99999999999999999999'].map(deliveryBehind)).toEqual([
      null,
      null,
      null,
      null,
    ]);
    expect(typesBehind([...offeredEvents, 'urn:x'])).toContain('session.ended');
  });
});
