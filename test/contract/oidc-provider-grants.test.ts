import type { Configuration } from 'oidc-provider';
import { type RunningProvider, startProvider } from './oidc-provider-under-test.js';

/** The grants of the product: every authorization gets a grant of its own, and with it a session id of its own. */
const freshGrants = (sids: string[] = []): Configuration => ({
  issueRefreshToken: async () => true,
  expiresWithSession: async () => false,
  loadExistingGrant: async (ctx) => {
    const { provider, client, account, session } = ctx.oidc;
    const grant = new provider.Grant({ accountId: account!.accountId, clientId: client!.clientId });
    grant.addOIDCScope('openid offline_access');
    const id = await grant.save();
    sids.push(id);
    session!.sidFor(client!.clientId, id);
    return grant;
  },
});
const withoutPrompt = { prompt: '' };

describe('oidc-provider, grants', () => {
  let running: RunningProvider;
  afterEach(() => running.close());

  it('shares one grant among all sign-ins of a browser with a client by default, so reuse in one ends the others (T11)', async () => {
    running = await startProvider();
    const first = await running.authorize();
    const second = await running.authorize({}, first.jar);
    const [one, two] = [
      await running.redeem(first.code, first.verifier),
      await running.redeem(second.code, second.verifier),
    ];
    expect(new Set(running.store.of('RefreshToken').map(({ grantId }) => grantId)).size).toBe(1);
    await running.refresh(one.body.refresh_token);
    await running.refresh(one.body.refresh_token);
    expect((await running.refresh(two.body.refresh_token)).status).toBe(400);
  });

  it('separates lineages when loadExistingGrant answers with a freshly saved Grant each time', async () => {
    running = await startProvider(freshGrants());
    const first = await running.authorize(withoutPrompt);
    const second = await running.authorize(withoutPrompt, first.jar);
    const [one, two] = [
      await running.redeem(first.code, first.verifier),
      await running.redeem(second.code, second.verifier),
    ];
    expect(new Set(running.store.of('RefreshToken').map(({ grantId }) => grantId)).size).toBe(2);
    await running.refresh(one.body.refresh_token);
    await running.refresh(one.body.refresh_token);
    expect((await running.refresh(two.body.refresh_token)).status).toBe(200);
  });

  it('kills the code of an earlier authorization with them, unless expiresWithSession says false', async () => {
    running = await startProvider({ ...freshGrants(), expiresWithSession: async () => true });
    const first = await running.authorize(withoutPrompt);
    const second = await running.authorize(withoutPrompt, first.jar);
    expect((await running.redeem(first.code, first.verifier)).body.error).toBe('invalid_grant');
    expect((await running.redeem(second.code, second.verifier)).status).toBe(200);
  });

  it('writes the id of that grant into the browser session, replacing the last one', async () => {
    const grants: string[] = [];
    running = await startProvider(freshGrants(grants));
    const { jar } = await running.authorize(withoutPrompt);
    await running.authorize(withoutPrompt, jar);
    const [session] = running.store.of('Session');
    expect(session!.authorizations!['web']).toMatchObject({ grantId: grants.at(-1), sid: grants.at(-1) });
  });

  it('takes it from ctx.oidc.entities.Grant after the request too, and skips consent when it covers the scope', async () => {
    running = await startProvider(freshGrants());
    const from = running.store.calls.length;
    await running.authorize(withoutPrompt);
    const prompts = running.store.calls
      .slice(from)
      .filter(({ model, operation }) => model === 'Interaction' && operation === 'upsert');
    expect(prompts.map(({ payload }) => payload)).toEqual(
      prompts.map(() => expect.objectContaining({ prompt: expect.objectContaining({ name: 'login' }) })),
    );
    expect(prompts).not.toEqual([]);
  });

  it('asks Grant.prototype.generateTokenId for the id of a new grant', async () => {
    running = await startProvider(freshGrants(), (provider) => {
      (provider.Grant as unknown as { prototype: { generateTokenId(): string } }).prototype.generateTokenId =
        () => 'session-7';
    });
    await running.signIn(withoutPrompt);
    expect(running.store.rows.has('Grant:session-7')).toBe(true);
    expect(running.store.of('RefreshToken')[0]!.grantId).toBe('session-7');
  });

  it('has the result of the consent interaction, and the grant it names, at hand when it is asked again', async () => {
    const seen: unknown[] = [];
    running = await startProvider({
      loadExistingGrant: async (ctx) => {
        const { consent } = (ctx.oidc.result ?? {}) as { consent?: { grantId: string } };
        seen.push(consent?.grantId !== undefined);
        return consent ? ctx.oidc.provider.Grant.find(consent.grantId) : undefined;
      },
    });
    expect((await running.signIn()).status).toBe(200);
    expect(seen).toEqual([false, true]);
  });

  it('drops offline_access, and with it the default refresh token, unless the prompt is consent (OIDC Core §11)', async () => {
    running = await startProvider({ ...freshGrants(), issueRefreshToken: undefined as never });
    const { body } = await running.signIn(withoutPrompt);
    expect([body.scope, body.refresh_token]).toEqual(['openid', undefined]);
  });

  it('is not asked before the account is known, and again when an interaction is resumed', async () => {
    const asked: string[] = [];
    const configuration = freshGrants();
    running = await startProvider({
      loadExistingGrant: async (ctx) => {
        asked.push(ctx.oidc.route);
        return configuration.loadExistingGrant!(ctx);
      },
    });
    const { jar } = await running.authorize(withoutPrompt);
    expect(asked).toEqual(['resume']);
    await running.authorize(withoutPrompt, jar);
    expect(asked).toEqual(['resume', 'authorization']);
  });

  it('fails with 500 when the hook returns a grant of another account or client', async () => {
    running = await startProvider({
      loadExistingGrant: async (ctx) =>
        new ctx.oidc.provider.Grant({ accountId: 'mallory', clientId: 'web' }),
    });
    await expect(running.authorize(withoutPrompt)).rejects.toThrow('sign-in stopped with 500');
  });
});
