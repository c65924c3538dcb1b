import { randomUUID } from 'node:crypto';
import { type Deviation, IdentityProvider } from '../support/identity-provider.js';
import { formsOf, type Page, Person } from '../support/person.js';
import { AdminWorld, deviceGrant, orders } from './admin-world.js';

/** Somebody as a provider knows them, and what it says of them. */
export interface Elsewhere {
  readonly subject: string;
  readonly deviation: Deviation;
}

/** Waits until a condition holds. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('waited in vain');
}

/** An installation with two identity providers, `elsewhere` and `other`, each run by the test. */
export class UpstreamWorld {
  private constructor(
    readonly world: AdminWorld,
    readonly elsewhere: IdentityProvider,
    readonly other: IdentityProvider,
  ) {}

  /** `more` are the settings of `elsewhere`. */
  static async start(
    settings: Readonly<Record<string, string>>,
    more: Readonly<Record<string, unknown>>,
  ): Promise<UpstreamWorld> {
    const [elsewhere, other] = [await IdentityProvider.start(), await IdentityProvider.start()];
    const world = await AdminWorld.start({
      CURFEW_LOG_LEVEL: 'info',
      CURFEW_THROTTLE_SIGN_IN_NETWORK: '1000/1m',
      // An application needs no more than an address that answers.
      CURFEW_CALLBACK_PORT: new URL(elsewhere.issuer).port,
      ...settings,
    });
    const made = new UpstreamWorld(world, elsewhere, other);
    for (const [id, provider, own] of [
      ['elsewhere', elsewhere, more],
      ['other', other, {}],
    ] as const) {
      const answer = await world.post('/v1/identity-providers', {
        ...{ id, name: id, issuer: provider.issuer, ...own },
        ...{ client_id: provider.clientId, client_secret: provider.clientSecret },
      });
      if (answer.status !== 201) throw new Error(answer.text);
    }
    await until(async () => (await made.somebody().open(made.signInPage)).body.includes('value="other"'));
    return made;
  }

  async stop(): Promise<void> {
    await this.world.stop();
    await this.elsewhere.close();
    await this.other.close();
  }

  get signInPage(): string {
    return `${this.world.server.issuer}/sign-in`;
  }

  somebody(): Person {
    return new Person('unused', 'unused');
  }

  /** Presses the button of `elsewhere`; the page is the provider's. */
  async go(person: Person, address = this.signInPage): Promise<Page> {
    const page = await person.open(address);
    const form = formsOf(page.body).find(({ markup }) => markup.includes('value="elsewhere"'));
    if (!form) throw new Error(page.body);
    return person.submit(page, { ...form, markup: '' }, { upstream: 'elsewhere' });
  }

  /** A whole sign-in with it. */
  async signIn(person: Person, { subject, deviation }: Elsewhere = newcomer()): Promise<Page> {
    const there = await this.go(person);
    return person.open(this.elsewhere.respond(there.url, subject, deviation));
  }

  /** A device for which a person has answered in their browser, signing in with the provider on the way where `who` is given; its redemption. */
  async approved(person: Person, who?: Elsewhere) {
    const { client_id } = this.world.data.clients.device;
    const asked = { client_id, resource: orders, scope: 'openid offline_access' };
    const start = await this.world.form('/device/authorization', asked);
    const address = start['verification_uri_complete']!;
    const offers = ({ body }: { body: string }) => body.includes('value="elsewhere"');
    const page = await person.follow(address, offers);
    if (who) {
      const form = formsOf(page.body).find(({ markup }) => offers({ body: markup }))!;
      const there = await person.submit(page, { ...form, markup: '' }, { upstream: 'elsewhere' });
      await person.goOn(await person.open(this.elsewhere.respond(there.url, who.subject, who.deviation)));
    }
    const code = { grant_type: deviceGrant, client_id, device_code: start['device_code']! };
    return (): Promise<Record<string, string | undefined>> => this.world.form('/token', code);
  }

  async isSignedIn(person: Person): Promise<boolean> {
    return (await person.open(`${this.world.server.issuer}/sessions`)).url.pathname === '/sessions';
  }
}

/** A subject who is unknown so far, with a name of their own, in a session of their own. */
export const newcomer = (claims: Readonly<Record<string, unknown>> = {}): Elsewhere => ({
  subject: randomUUID(),
  deviation: {
    claims: { preferred_username: `${randomUUID()}@example.test`, sid: randomUUID(), ...claims },
  },
});
