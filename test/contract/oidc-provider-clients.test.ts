import { REDIRECT_URI, type RunningProvider, startProvider } from './oidc-provider-under-test.js';

describe('oidc-provider, clients', () => {
  let running: RunningProvider;
  afterEach(() => running.close());

  it('looks a stored client up once per request and keeps the instance while the stored metadata is the same', async () => {
    running = await startProvider();
    const first = await running.provider.Client.find('web');
    expect(await running.provider.Client.find('web')).toBe(first);
    Object.assign(running.store.rows.get('Client:web')!, { client_name: 'renamed' });
    expect(await running.provider.Client.find('web')).not.toBe(first);
    const from = running.store.calls.length;
    await running.refresh('nothing');
    expect(running.store.trail(from).filter((call) => call === 'find Client')).toHaveLength(1);
  });

  it('takes a client without a secret as one that has nothing to prove, at every endpoint that authenticates clients', async () => {
    running = await startProvider();
    Object.assign(running.store.rows.get('Client:web')!, {
      token_endpoint_auth_method: 'none',
      client_secret: undefined,
    });
    const request = {
      client_id: 'web',
      response_type: 'code',
      scope: 'openid',
      redirect_uri: REDIRECT_URI,
      code_challenge: 'c'.repeat(43),
      code_challenge_method: 'S256',
    };
    expect(await running.post('/request', request)).toMatchObject({ status: 201 });
  });
});
