import { revocationTarget } from '@curfew/session-policy/settings';
import { CommandError } from '../exit.js';
import type { BlockedDatabase } from './blocked-database.store.js';
import type { Holders } from './holders.js';
import { besides, soon } from './installation.js';
import { type Origin, sendFrom } from './network.js';
import { type AsClient, authorize, redeem, refresh, type TokenAnswer } from './oauth.js';
import { formsOf } from './person.js';
import type { Stage } from './stage.js';
import type { StepName, StepValue } from './steps.js';

/** The state that the steps of a scenario act on. */
export interface Scene {
  readonly stage: Stage;
  readonly holders: Holders;
  readonly database: BlockedDatabase;
}

/** Something was expected and did not happen. */
export class NotAsExpected extends Error {
  override readonly name = 'NotAsExpected';
}

/** Acts out a step and resolves to what happened, in a few words; rejects with NotAsExpected where the scenario goes another way. */
type Act<S extends StepName> = (scene: Scene, value: StepValue<S>) => Promise<string>;

/** How every step is acted out. */
export const acts: { readonly [S in StepName]: Act<S> } = {
  'sign-in': async ({ stage, holders }, { holder, offline = false, ...origin }) => {
    const browser = holders.browser(holder, given(origin));
    const scope = offline ? { scope: 'openid offline_access', prompt: 'consent' } : {};
    const answer = await tokensFor(stage, holders, holder, scope);
    await holders.give(holder, expectTokens(answer), browser);
    return 'signed in';
  },

  'sign-in-silently': async ({ stage, holders }, { holder, expect }) => {
    const answer = await tokensFor(stage, holders, holder, { prompt: 'none' });
    if (expect === 'signed-in') {
      await holders.give(holder, expectTokens(answer), holders.browser(holder, {}));
      return 'signed in without a page';
    }
    if (answer.error !== 'login_required')
      throw new NotAsExpected(`expected login_required, got ${told(answer)}`);
    return 'refused: login_required';
  },

  'step-up': async ({ stage, holders }, { holder }) => {
    const { origin } = holders.of(holder);
    holders.browser(holder, origin);
    expectTokens(await tokensFor(stage, holders, holder, { prompt: 'login' }));
    return 'proved again who they are';
  },

  refresh: async ({ stage, holders }, value) => {
    const { holder: name, times, expect, 'clock-ahead': ahead = 0, ...origin } = value;
    const holder = holders.of(name);
    const send = holders.sendAs(holder, given(origin));
    const before = holder.tokens.refreshToken;
    const as = { ...client(stage), now: stage.now() + ahead * 1_000 };
    const answers = await Promise.all(Array.from({ length: times }, () => refresh(as, before, send)));
    for (const answer of answers) judge(answer, expect);
    const successors = new Set(answers.flatMap(({ tokens }) => tokens?.refreshToken || []));
    if (successors.size > 1)
      throw new NotAsExpected(`${times} requests at once got ${successors.size} different refresh tokens`);
    const [first] = answers;
    if (first?.tokens && expect === 'access-token-only') {
      holder.tokens = { ...first.tokens, refreshToken: before };
      return times > 1 ? `${times} at once: an access token each` : 'an access token, and no refresh token';
    }
    if (first?.tokens) {
      const isSame = holders.successors.get(before) === first.tokens.refreshToken;
      if (expect === 'same-token' && !isSame)
        throw new NotAsExpected('expected the refresh token of the answer that was lost, got another one');
      holders.successors.set(before, first.tokens.refreshToken);
      holder.tokens = first.tokens;
    }
    return times > 1 ? `${times} at once: ${outcome(first)}, one successor` : outcome(first);
  },

  'lose-answer': async ({ stage, holders }, { holder: name, ...origin }) => {
    const holder = holders.of(name);
    const before = holder.tokens.refreshToken;
    const answer = await refresh(client(stage), before, holders.sendAs(holder, given(origin)));
    holders.successors.set(before, expectTokens(answer).tokens?.refreshToken ?? '');
    return 'the service rotated; the client still has the old token';
  },

  steal: async ({ holders }, { from, as, ...origin }) => {
    holders.copy(from, as, given(origin));
    return `${as} has a copy`;
  },

  wait: async ({ stage }, length) => {
    await stage.pass(length);
    return 'the clock of the installation has moved';
  },

  use: async ({ stage, holders }, { holder: name, at, expect, within = revocationTarget }) => {
    const holder = holders.of(name);
    const ask =
      at === 'gateway'
        ? () => passesGateway(stage, holder.tokens.accessToken)
        : async () => (await holders.introspect(holder.tokens, besides, true)).active;
    const began = performance.now();
    const wanted = expect === 'allowed';
    // A token that should be allowed must be allowed at once; a denial may take the published time.
    const isSo = await soon(async () => (await ask()) === wanted, wanted ? 0 : within * 1_000);
    if (!isSo) throw new NotAsExpected(`the ${at} ${wanted ? 'denies' : 'still allows'} the access token`);
    return `${expect} by the ${at} after ${(performance.now() - began).toFixed(0)} ms`;
  },

  session: async ({ stage, holders }, { of, is, reason, within = revocationTarget }) => {
    const { sid } = holders.of(of);
    let [state, why] = ['', ''];
    const isSo = async () => {
      const seen = await stage.installation.admin.get(`/v1/sessions/${sid}`);
      [state, why] = [seen.state, seen.end_reason ?? ''];
      return state === is && (reason === undefined || why === reason);
    };
    if (!(await soon(isSo, within * 1_000)))
      throw new NotAsExpected(`the session is ${[state, why].filter(Boolean).join(', ')}`);
    return [state, why].filter(Boolean).join(', ');
  },

  end: async ({ stage, holders }, { session, only, note }) => {
    const { sid } = holders.of(session);
    const query = only ? { only_this_session: true } : {};
    const body = note === undefined ? {} : { body: { note } };
    await stage.installation.admin.send('DELETE', `/v1/sessions/${sid}`, { query, ...body });
    return 'ended';
  },

  'change-password': async ({ stage, holders }, holder) => {
    const browser = holders.browser(holder, {});
    const { person } = browser;
    const page = await person.open(`${stage.installation.issuer.replace(/\/$/, '')}/password`);
    const form = formsOf(page.body).find(({ fields }) => 'current' in fields);
    if (!form) throw new NotAsExpected(`no form to change the password at ${page.url.pathname}`);
    const password = `${stage.account.password}-changed`;
    // Browsers send the box as it is first shown, which is ticked.
    const values = { current: stage.account.password, new: password, repeat: password, end_others: 'yes' };
    const done = await person.submit(page, form, values);
    if (done.status !== 200) throw new NotAsExpected(`the password was not changed (${done.status})`);
    stage.account.password = password;
    browser.person = person.followedBy(stage.account.username, password);
    return 'changed';
  },

  'change-policy': async ({ stage }, settings) => {
    await stage.changePolicy(settings);
    return 'in force';
  },

  database: async ({ database }, wanted) => {
    await (wanted === 'blocked' ? database.block() : database.free());
    return wanted;
  },
};

/** The origin a step states for its requests. */
type Asked = { readonly [Name in keyof Origin]?: Origin[Name] | undefined };

const given = ({ network, device }: Asked): Partial<Origin> => ({
  ...(network ? { network } : {}),
  ...(device ? { device } : {}),
});

const client = (stage: Stage): AsClient => ({
  issuer: stage.installation.issuer,
  endpoints: stage.installation.endpoints,
  client: stage.client,
  audience: stage.audience,
  now: stage.now(),
});

/** Sends the person through the pages of their browser, and has the application redeem what it gets. */
async function tokensFor(
  stage: Stage,
  holders: Holders,
  holder: string,
  extra: Readonly<Record<string, string>>,
): Promise<TokenAnswer> {
  const browser = holders.browser(holder, {});
  const as = client(stage);
  const { code, error, verifier } = await authorize(as, browser.person, extra);
  if (code === null) return { status: 400, error, tokens: null };
  return redeem(as, { code, verifier }, (url, message) => sendFrom(browser.origin)(url, message));
}

const told = ({ status, error, tokens }: TokenAnswer): string =>
  tokens ? 'tokens' : `${status} ${error ?? ''}`.trim();

function expectTokens(answer: TokenAnswer): TokenAnswer {
  if (!answer.tokens) throw new NotAsExpected(`expected tokens, got ${told(answer)}`);
  return answer;
}

const errors = {
  refused: ['invalid_grant', 'invalid_client'],
  'step-up': ['insufficient_user_authentication'],
} as const;

const hasRefreshToken = ({ tokens }: TokenAnswer): boolean => tokens !== null && tokens.refreshToken !== '';

function judge(answer: TokenAnswer, expect: StepValue<'refresh'>['expect']): void {
  const isSo = {
    'new-token': hasRefreshToken(answer),
    'same-token': hasRefreshToken(answer),
    'access-token-only': answer.tokens !== null && !hasRefreshToken(answer),
    refused: errors.refused.some((error) => error === answer.error),
    'step-up': errors['step-up'].some((error) => error === answer.error),
    unavailable: answer.status === 503,
  }[expect];
  if (!isSo) throw new NotAsExpected(`expected ${expect}, got ${told(answer)}`);
}

const outcome = (answer: TokenAnswer | undefined): string =>
  answer?.tokens ? 'tokens' : `refused: ${answer?.error ?? answer?.status}`;

async function passesGateway({ installation }: Stage, accessToken: string): Promise<boolean> {
  const { gateway } = installation;
  if (!gateway)
    throw new CommandError('no gateway is known here: scenarios at a gateway need the one of npm start');
  const answer = await besides(new URL('/forward-auth', gateway.url), {
    headers: {
      authorization: `Bearer ${accessToken}`,
      'x-forwarded-method': 'GET',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': new URL(gateway.audience).host,
      'x-forwarded-uri': '/',
    },
  });
  if (answer.status === 503) throw new NotAsExpected('the gateway cannot say (503)');
  return answer.status === 200;
}
