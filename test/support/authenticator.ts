import { Secret, TOTP } from 'otpauth';
import type { TestDatabase } from './database.js';
import { formsOf, type Page, type Person } from './person.js';

/** An authenticator app with one secret, in the time of the service under test. */
export class Authenticator {
  readonly #totp: TOTP;

  constructor(
    secret: string,
    private readonly now: () => number,
  ) {
    this.#totp = new TOTP({ secret: Secret.fromBase32(secret.replaceAll(' ', '')) });
  }

  /** The code of the present time step, or of one so many steps away. */
  code(steps = 0): string {
    return this.#totp.generate({ timestamp: this.now() + steps * 30_000 });
  }
}

/** Sends the form of a page that has a field or button of this name, with these values. */
export function sendForm(person: Person, page: Page, values: Record<string, string>): Promise<Page> {
  const form = formsOf(page.body).find(({ markup }) =>
    Object.keys(values).some((name) => markup.includes(`name="${name}"`)),
  );
  if (!form) throw new Error(`${page.url} has no such form: ${page.body}`);
  return person.submit(page, { ...form, markup: '' }, values);
}

/** Sets up an authenticator app at the account page; the app, and the recovery codes. */
export async function enrol(
  person: Person,
  password: string,
  issuer: string,
  now: () => number,
): Promise<{ readonly app: Authenticator; readonly codes: readonly string[] }> {
  const start = await person.follow(`${issuer}/second-step`, ({ body }) => body.includes('value="begin"'));
  const shown = await sendForm(person, start, { act: 'begin', current: password });
  const secret = /<code class="key">([A-Z2-7 ]+)<\/code>/.exec(shown.body)?.[1];
  if (!secret) throw new Error(`no secret is shown: ${shown.body}`);
  const app = new Authenticator(secret, now);
  const done = await sendForm(person, shown, { act: 'confirm', code: app.code() });
  const codes = [...done.body.matchAll(/<li><code>([a-z0-9-]+)<\/code>/g)].map(([, code]) => code!);
  if (codes.length === 0) throw new Error(`no recovery codes are shown: ${done.body}`);
  return { app, codes };
}

/** Takes every second factor from an account, past the pages. */
export async function withoutFactors(database: Pick<TestDatabase, 'query'>, username: string): Promise<void> {
  for (const table of ['totp_factor', 'passkey', 'recovery_code'])
    await database.query(
      `DELETE FROM ${table} t USING account a WHERE a.id = t.account_id AND a.username = $1`,
      [username],
    );
  await database.query(`UPDATE account SET second_factors = '{}' WHERE username = $1`, [username]);
}
