import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { freePort } from '../support/ports.js';
import { type FirstRunData, type RunningServer, startServer } from '../support/server.js';
import { Application } from './application.js';
import { launchChromium, openWindow, type Window } from './chromium.js';

/** A started product with its first-run data, and a browser before it. */
export class House {
  private readonly windows: Window[] = [];
  private readonly applications: Application[] = [];

  private constructor(
    readonly database: TestDatabase,
    readonly server: RunningServer,
    readonly data: FirstRunData,
    private readonly browser: Browser,
  ) {}

  static async open(settings: Readonly<Record<string, string>> = {}): Promise<House> {
    const database = await createTestDatabase();
    const server = await startServer({
      databaseUrl: database.url,
      settings: { CURFEW_CALLBACK_PORT: String(await freePort()), ...settings },
    });
    try {
      return new House(database, server, await server.firstRunData(), await launchChromium());
    } catch (error) {
      await server.kill();
      await database.drop();
      throw error;
    }
  }

  get issuer(): string {
    return this.server.issuer;
  }

  /** A window that is closed after the test, when its console must have been silent. */
  async window(options?: BrowserContextOptions): Promise<Page> {
    const window = await openWindow(this.browser, options);
    this.windows.push(window);
    return window.page;
  }

  async application(redirects?: Readonly<Record<string, string>>): Promise<Application> {
    const application = await new Application(this.server, this.data, redirects).open();
    this.applications.push(application);
    return application;
  }

  /** For `afterEach`: closes what a test opened and returns what consoles complained about. */
  async tidy(): Promise<string[]> {
    const windows = this.windows.splice(0);
    const complaints = windows.flatMap((window) => window.complaints);
    await Promise.all(windows.map((window) => window.close()));
    await Promise.all(this.applications.splice(0).map((application) => application.close()));
    return complaints;
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.server.stop();
    await this.database.drop();
  }

  /** Types name and password into the form in front of the person. */
  async fillIn(page: Page, account = 0): Promise<void> {
    const { username, password } = this.data.accounts[account]!;
    await page.getByLabel('Username').fill(username);
    await page.getByLabel('Password').fill(password);
  }

  /** Fills in the sign-in form in front of the person, and sends it. */
  async signIn(page: Page, { account = 0, remember = false } = {}): Promise<void> {
    await this.fillIn(page, account);
    if (remember) await page.getByLabel(/Keep me signed in/).check();
    await page.getByRole('button', { name: 'Sign in' }).click();
  }

  /** Signs in to an application with everything it asks for, and returns its tokens. */
  async signInTo(application: Application, page: Page, parameters: Record<string, string> = {}) {
    await page.goto(application.authorizationUrl(parameters));
    if (new URL(page.url()).origin === this.issuer && (await page.getByLabel('Username').count()) > 0)
      await this.signIn(page);
    const allow = page.getByRole('button', { name: 'Allow' });
    const back = page.waitForURL((url) => url.href.startsWith(application.redirectUri));
    // The page after the sign-in may still be on its way.
    await Promise.race([back, allow.waitFor()]);
    if ((await allow.count()) > 0) await allow.click();
    await back;
    return application.redeem(page.url());
  }
}
