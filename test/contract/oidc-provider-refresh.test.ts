import { type Configuration, errors } from 'oidc-provider';
import { asClient, dpopKey, type RunningProvider, startProvider } from './oidc-provider-under-test.js';

describe('oidc-provider, refresh', () => {
  let running: RunningProvider;
  afterEach(() => running.close());

  const signInWith = async (extra: Configuration = {}, prepare?: Parameters<typeof startProvider>[1]) => {
    running = await startProvider(extra, prepare);
    const { body } = await running.signIn();
    return body.refresh_token as string;
  };
  const statuses = async (requests: Promise<{ status: number }>[]) =>
    (await Promise.all(requests)).map(({ status }) => status).sort();

  describe('with the built-in handler and a plain adapter', () => {
    it('forks the family when several requests bring one token at once, because consume() is not asked for its result', async () => {
      const token = await signInWith();
      // All three have found the token unused before the first of them consumes it, however slow the machine.
      let arrived = 0;
      let open = (): void => {};
      const allHere = new Promise<void>((resolve) => {
        open = resolve;
      });
      running.store.before['consume RefreshToken'] = () => {
        arrived += 1;
        if (arrived === 3) open();
        return allHere;
      };
      expect(await statuses([1, 2, 3].map(() => running.refresh(token)))).toEqual([200, 200, 200]);
    });

    it('makes exactly one winner when adapter.consume throws InvalidGrant for the others', async () => {
      const token = await signInWith();
      const consumed = new Set<string>();
      running.store.before['consume RefreshToken'] = (_model, id) => {
        if (consumed.has(id)) throw new errors.InvalidGrant('lost the race');
        consumed.add(id);
      };
      expect(await statuses([1, 2, 3].map(() => running.refresh(token)))).toEqual([200, 400, 400]);
    });

    it('consumes, then saves the successor, then the access token: separate calls, in this order', async () => {
      const token = await signInWith();
      const from = running.store.calls.length;
      await running.refresh(token);
      expect(running.store.trail(from)).toEqual([
        'find Client',
        'find RefreshToken',
        'find Grant',
        'consume RefreshToken',
        'upsert RefreshToken',
        'upsert AccessToken',
      ]);
    });

    it('destroys the token and revokes its grant on reuse, after which a replay is merely not found', async () => {
      const token = await signInWith();
      await running.refresh(token);
      const from = running.store.calls.length;
      expect((await running.refresh(token)).body.error).toBe('invalid_grant');
      expect(running.store.trail(from).slice(3).sort()).toEqual([
        'destroy Grant',
        'destroy RefreshToken',
        'revokeByGrantId AccessToken',
        'revokeByGrantId AuthorizationCode',
        'revokeByGrantId RefreshToken',
      ]);
      const again = running.store.calls.length;
      await running.refresh(token);
      expect(running.store.trail(again)).toEqual(['find Client', 'find RefreshToken']);
    });
  });

  describe('order of checks (T9): none of these reaches the reuse branch', () => {
    const replayed = async (
      form: Record<string, string>,
      headers: Record<string, string>,
      row: object = {},
    ) => {
      const token = await signInWith();
      await running.refresh(token);
      Object.assign(running.store.rows.get(`RefreshToken:${token}`)!, row);
      const from = running.store.calls.length;
      const { status, body } = await running.refresh(token, headers, form);
      expect(running.store.trail(from).filter((call) => !call.startsWith('find'))).toEqual([]);
      return [status, body.error];
    };

    it('another client', async () => {
      expect(await replayed({}, asClient('other'))).toEqual([400, 'invalid_grant']);
    });
    it('bad client authentication', async () => {
      expect(await replayed({}, asClient('web', 'wrong'))).toEqual([401, 'invalid_client']);
    });
    it('an expired token', async () => {
      expect(await replayed({}, asClient('web'), { exp: 1 })).toEqual([400, 'invalid_grant']);
    });
    it('a scope wider than the token has', async () => {
      expect(await replayed({ scope: 'openid everything' }, asClient('web'))).toEqual([400, 'invalid_scope']);
    });
    it('a missing DPoP proof', async () => {
      expect(await replayed({}, asClient('web'), { jkt: 'bound' })).toEqual([400, 'invalid_grant']);
    });
    it('a grant that is gone', async () => {
      expect(await replayed({}, asClient('web'), { grantId: 'gone' })).toEqual([400, 'invalid_grant']);
    });
  });

  describe('the rotateRefreshToken hook', () => {
    it('is asked after client, DPoP, scope, account and grant checks, with these entities at hand', async () => {
      const seen: Record<string, string[]> = {};
      const key = await dpopKey();
      running = await startProvider({
        findAccount: (ctx, sub) => {
          if (ctx.oidc.params?.['scope'] === 'nobody') return undefined;
          return { accountId: sub, claims: () => ({ sub }) };
        },
        rotateRefreshToken: async (ctx) => {
          await new Promise((resolve) => setImmediate(resolve));
          seen[String(ctx.oidc.params?.['state_of_test'] ?? 'asked')] = Object.keys(ctx.oidc.entities).sort();
          return true;
        },
      });
      const { code, verifier } = await running.authorize({ client_id: 'spa' });
      const proof = () => key.proof('POST', `${running.url}/token`);
      const spa = { client_id: 'spa' };
      const { body } = await running.redeem(code, verifier, { dpop: await proof() }, spa);
      expect((await running.refresh(body.refresh_token, {}, spa)).status).toBe(400);
      expect(
        (await running.refresh(body.refresh_token, { dpop: await proof() }, { ...spa, scope: 'x' })).status,
      ).toBe(400);
      expect(seen).toEqual({});
      const fine = await running.refresh(body.refresh_token, { dpop: await proof() }, spa);
      expect(fine.status).toBe(200);
      expect(seen['asked']).toEqual(['Account', 'Client', 'Grant', 'RefreshToken']);
    });

    it('refuses cleanly by throwing InvalidGrant, and nothing has been written', async () => {
      const token = await signInWith({
        rotateRefreshToken: async () => {
          throw new errors.InvalidGrant('session ended');
        },
      });
      const from = running.store.calls.length;
      const { status, body } = await running.refresh(token);
      expect([status, body]).toEqual([
        400,
        { error: 'invalid_grant', error_description: 'grant request is invalid' },
      ]);
      expect(running.store.trail(from).filter((call) => !call.startsWith('find'))).toEqual([]);
    });

    it('may answer with another OAuth error of its own, description included', async () => {
      const token = await signInWith({
        rotateRefreshToken: async () => {
          throw new errors.CustomOIDCProviderError('insufficient_user_authentication', 'step up');
        },
      });
      expect(await running.refresh(token)).toMatchObject({
        status: 400,
        body: { error: 'insufficient_user_authentication', error_description: 'step up' },
      });
    });

    it('sees every presentation, also a replay, when the adapter never reports consumed', async () => {
      let asked = 0;
      const token = await signInWith(
        {
          rotateRefreshToken: async () => {
            asked += 1;
            return true;
          },
        },
        (_provider, store) => store.neverConsumed.add('RefreshToken'),
      );
      expect(await statuses([running.refresh(token)])).toEqual([200]);
      expect(await statuses([running.refresh(token)])).toEqual([200]);
      expect(asked).toBe(2);
      expect(running.store.trail()).not.toContain('destroy RefreshToken');
    });

    it('answers with the presented token itself, without consume or save, when it says false', async () => {
      const token = await signInWith({ rotateRefreshToken: async () => false });
      const from = running.store.calls.length;
      const { body } = await running.refresh(token);
      expect(body.refresh_token).toBe(token);
      expect(running.store.trail(from).slice(3)).toEqual(['upsert AccessToken']);
    });

    it('must answer with a boolean: anything else is a 500', async () => {
      const token = await signInWith({ rotateRefreshToken: (async () => 'yes') as never });
      expect((await running.refresh(token)).status).toBe(500);
    });
  });

  describe('hooks that run after the token was consumed and its successor saved (T3)', () => {
    const broken = () => {
      throw new Error('broken hook');
    };
    const resources = (extra: object = {}): Configuration => ({
      features: {
        resourceIndicators: {
          enabled: true,
          defaultResource: async () => undefined as never,
          getResourceServerInfo: async () => ({ scope: 'orders:read', accessTokenFormat: 'opaque' }) as never,
          ...extra,
        },
      },
    });
    const burned = async (
      configuration: Configuration,
      arm: () => void,
      form: Record<string, string> = {},
    ) => {
      const token = await signInWith(configuration);
      arm();
      const from = running.store.calls.length;
      const { status, body } = await running.refresh(token, asClient('web'), form);
      return [status, body.error, running.store.trail(from).slice(3)];
    };
    const consumedAndSaved = ['consume RefreshToken', 'upsert RefreshToken'];

    it('a resource that was not granted', async () => {
      const result = await burned(resources(), () => {}, { resource: 'https://not.granted.test' });
      expect(result).toEqual([400, 'invalid_target', consumedAndSaved]);
    });
    it('extraTokenClaims', async () => {
      let armed = false;
      const extraTokenClaims = async () => (armed ? broken() : undefined);
      const result = await burned({ extraTokenClaims }, () => (armed = true));
      expect(result).toEqual([500, 'server_error', consumedAndSaved]);
    });
    it('ttl.AccessToken', async () => {
      let armed = false;
      const ttl = { AccessToken: () => (armed ? 0 : 600), RefreshToken: 600, Grant: 600, IdToken: 600 };
      const result = await burned({ ttl }, () => (armed = true));
      expect(result).toEqual([500, 'server_error', consumedAndSaved]);
    });
    it('the claims of the account, after the access token was saved too', async () => {
      let armed = false;
      const findAccount = ((_ctx: unknown, sub: string) => ({
        accountId: sub,
        claims: () => (armed ? broken() : { sub }),
      })) as never;
      const result = await burned({ findAccount }, () => (armed = true));
      expect(result).toEqual([500, 'server_error', [...consumedAndSaved, 'upsert AccessToken']]);
    });
    it('ttl.RefreshToken at zero, when the parent is already burned (T4)', async () => {
      let armed = false;
      const ttl = { AccessToken: 600, RefreshToken: () => (armed ? 0 : 600), Grant: 600, IdToken: 600 };
      const result = await burned({ ttl }, () => (armed = true));
      expect(result).toEqual([500, 'server_error', ['consume RefreshToken']]);
    });
  });

  it('ends refreshing when the Grant itself has expired, whatever the refresh token says (T5)', async () => {
    const token = await signInWith();
    Object.assign(running.store.of('Grant')[0]!, { exp: 1 });
    expect((await running.refresh(token)).body.error).toBe('invalid_grant');
  });

  it('carries scope, resource, nonce, auth_time, acr, amr, sid and bindings from parent to successor, narrowed scope notwithstanding', async () => {
    const token = await signInWith();
    const written = {
      nonce: 'n',
      authTime: 5,
      acr: 'a',
      amr: ['pwd'],
      sid: 's',
      rotations: 4,
      iiat: 7,
      sessionUid: 'u',
    };
    Object.assign(running.store.rows.get(`RefreshToken:${token}`)!, written);
    const { body } = await running.refresh(token, asClient('web'), { scope: 'openid' });
    expect(body.scope).toBe('openid');
    expect(running.store.rows.get(`RefreshToken:${body.refresh_token}`)).toMatchObject({
      ...written,
      rotations: 5,
      scope: 'openid offline_access',
      gty: 'authorization_code refresh_token',
    });
  });

  it('gives findAccount the refresh token, and an unknown account is invalid_grant', async () => {
    const sources: unknown[] = [];
    let known = true;
    const token = await signInWith({
      findAccount: (_ctx, sub, source) => {
        sources.push((source as { kind?: string } | undefined)?.kind);
        return known ? { accountId: sub, claims: () => ({ sub }) } : undefined;
      },
    });
    known = false;
    expect((await running.refresh(token)).body.error).toBe('invalid_grant');
    expect(sources.at(-1)).toBe('RefreshToken');
  });
});
