import { type SetDeviation, SignalTransmitter } from '../support/transmitter.js';
import { AdminWorld } from './admin-world.js';

const caep = 'https://schemas.openid.net/secevent/caep/event-type/';
const risc = 'https://schemas.openid.net/secevent/risc/event-type/';

/** The events that these tests tell of, by URI. */
export const events = {
  revoked: `${caep}session-revoked`,
  changed: `${caep}credential-change`,
  compliance: `${caep}device-compliance-change`,
  disabled: `${risc}account-disabled`,
  purged: `${risc}account-purged`,
  verification: 'https://schemas.openid.net/secevent/ssf/event-type/verification',
};

/** The header that the transmitter sends. */
export const header = 'Bearer what-it-sends-to-us-in-this-test';

/** Looks until it is so. */
export async function until(look: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!(await look())) {
    if (performance.now() > deadline) throw new Error('it did not happen');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** The product with one transmitter, `elsewhere`, that knows the first person there is by the name `ada-there`. */
export class SignalsWorld {
  private constructor(
    readonly world: AdminWorld,
    readonly elsewhere: SignalTransmitter,
    readonly known: { readonly username: string; readonly id: string },
  ) {}

  static async start(settings: Readonly<Record<string, string>> = {}): Promise<SignalsWorld> {
    const world = await AdminWorld.start({
      CURFEW_LOG_LEVEL: 'info',
      CURFEW_SIGNAL_POLL_INTERVAL: '100ms',
      CURFEW_DELIVERY_TIMEOUT: '500ms',
      CURFEW_THROTTLE_SIGNAL: '200/1m',
      ...settings,
    });
    return SignalsWorld.beside(world);
  }

  /** The same for a product that runs; `more` are settings of the transmitter. */
  static async beside(world: AdminWorld, more: object = {}): Promise<SignalsWorld> {
    const elsewhere = await SignalTransmitter.start();
    const { username } = world.data.accounts[0]!;
    const [row] = await world.database.query<{ id: string }>(
      'SELECT id::text AS id FROM account WHERE username = $1',
      [username],
    );
    const signals = new SignalsWorld(world, elsewhere, { username, id: row!.id });
    await signals.link('ada-there', row!.id);
    await signals.made('elsewhere', more);
    return signals;
  }

  async stop(): Promise<void> {
    await this.world.stop();
    await this.elsewhere.close();
  }

  /** Has the transmitter answer and hold nothing but what is right. */
  reset(): void {
    this.elsewhere.answers.clear();
    this.elsewhere.waiting.clear();
    this.elsewhere.polls.length = 0;
    this.elsewhere.delayMs = 0;
  }

  /** Links a person there to an account here. */
  async link(subject: string, accountId: string): Promise<void> {
    await this.world.database.query(
      'INSERT INTO linked_identity (issuer, subject, account_id, created_at) VALUES ($1, $2, $3, now())',
      [this.elsewhere.issuer, subject, accountId],
    );
  }

  identity(sub = 'ada-there', iss = this.elsewhere.issuer) {
    return { format: 'iss_sub', iss, sub };
  }

  /** The settings of a transmitter that pushes, with others in their place. */
  settings(more: object = {}) {
    const { issuer } = this.elsewhere;
    return { issuer, audience: 'here', delivery: 'push', authorization: header, ...more };
  }

  /** Adds a transmitter. */
  async made(id: string, more: object) {
    const answer = await this.world.post('/v1/transmitters', { id, ...this.settings(more) });
    if (answer.status !== 201) throw new Error(answer.text);
    return answer.body;
  }

  /** Gives `elsewhere` these settings. */
  async changed(more: object): Promise<void> {
    const { headers } = await this.world.get('/v1/transmitters/elsewhere');
    const answer = await this.world.call('PUT', '/v1/transmitters/elsewhere', {
      body: this.settings(more),
      headers: { 'if-match': headers.get('etag')! },
    });
    if (answer.status !== 200) throw new Error(answer.text);
  }

  /** Waits until what was set is in force: until then the old settings answer. */
  async inForce(authorization = header, isIn = true): Promise<void> {
    await until(async () => {
      const { body } = await this.push('nothing', { authorization });
      return (body?.err !== 'authentication_failed') === isIn;
    });
  }

  async push(token: string, headers: Readonly<Record<string, string>> = {}) {
    const response = await fetch(`${this.world.server.issuer}/ssf/receive`, {
      method: 'POST',
      headers: { authorization: header, 'content-type': 'application/secevent+jwt', ...headers },
      body: token,
    });
    const text = await response.text();
    const body =
      text === '' ? null : (JSON.parse(text) as { err?: string; description?: string; code?: string });
    return { status: response.status, headers: response.headers, body };
  }

  async tell(event: string, subject: unknown, deviation: SetDeviation = {}) {
    return this.push(await this.elsewhere.set(event, subject, deviation));
  }

  /** Has a token wait to be fetched under this id. */
  async wait(jti: string, event: string, subject: unknown, deviation: SetDeviation = {}): Promise<void> {
    const claims = { jti, ...deviation.claims };
    this.elsewhere.waiting.set(jti, await this.elsewhere.set(event, subject, { ...deviation, claims }));
  }

  async isLive(token: string): Promise<boolean> {
    return (await this.world.introspect(token)).active === true;
  }

  /** The events about signals, the oldest first. */
  told() {
    return this.world.database.query<{ account: string; data: Record<string, unknown> }>(
      `SELECT account_id::text AS account, data FROM event WHERE type = 'signal.received' ORDER BY xid, id`,
    );
  }
}
