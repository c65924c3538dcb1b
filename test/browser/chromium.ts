import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page, type Request } from 'playwright-core';

const places = [
  process.env['CURFEW_TEST_CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

/**
 * Chromium takes the last list of features alone, so this one repeats what Playwright turns off for the sake of tests. The last line is
 * ours: pages for the address bar of windows that nobody sees, and a process kept ready for each, cost half of a run's CPU.
 */
const withoutFeatures = [
  'AvoidUnnecessaryBeforeUnloadCheckSync DestroyProfileOnBrowserClose HttpsUpgrades HttpsFirstBalancedModeAutoEnable',
  'LensOverlay MediaRouter PaintHolding ThirdPartyStoragePartitioning AvoidCorsURLLoaderRestartOnRedirect',
  'OptimizationHints NetworkTimeServiceQuerying AimEnabled PreconnectToSearch',
  'WebUIOmniboxPopup WebUIOmniboxAimPopup SpareRendererForSitePerProcess',
];

const flags = [
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync',
  `--disable-features=${withoutFeatures.join(' ').replaceAll(' ', ',')}`,
];

/** The Chromium of this machine; its packages are installed by the system, never downloaded here. */
export async function launchChromium(): Promise<Browser> {
  const executablePath = places.find((place) => place && existsSync(place));
  if (!executablePath)
    throw new Error('no Chromium: install it from the packages of the system, or set CURFEW_TEST_CHROMIUM');
  return chromium.launch({ executablePath, args: flags.join(' ').split(' ') });
}

/** One window of one person, with everything its console had to complain about. */
export interface Window {
  readonly page: Page;
  /** Violations of the content security policy and errors of scripts. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

/** Opens a window with cookies of its own. Scripts are off unless asked for: no page of ours needs one. */
export async function openWindow(browser: Browser, options: BrowserContextOptions = {}): Promise<Window> {
  const context = await browser.newContext({ javaScriptEnabled: false, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const complaints: string[] = [];
  page.on('console', (message) => {
    const text = message.text();
    // A page that says what was wrong with a form answers 422, which is no fault; Chromium notes it all the same.
    if (message.type() === 'error' && !text.startsWith('Failed to load resource: the server responded'))
      complaints.push(text);
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('requestfailed', (request) => {
    // A navigation that the next one overtakes is aborted; that is no fault of a page.
    const cause = request.failure()?.errorText;
    if (!(cause === 'net::ERR_ABORTED' && request.isNavigationRequest()))
      complaints.push(`${request.url()}: ${cause}`);
  });
  return { page, complaints, close: () => context.close() };
}

/** Goes back, forward and loads again what is shown then; returns the heading of each page. Fails where a form would be sent again. */
export async function moveAbout(page: Page): Promise<(string | null)[]> {
  const sent: string[] = [];
  const watch = (request: Request) => request.method() === 'POST' && sent.push(request.url());
  page.on('request', watch);
  const headings: (string | null)[] = [];
  for (const move of ['goBack', 'goForward', 'reload'] as const) {
    // Chromium answers with ERR_CACHE_MISS if only a form could be sent again, and this throws.
    await page[move]();
    headings.push(await page.textContent('h1'));
  }
  page.off('request', watch);
  if (sent.length > 0) throw new Error(`a form was sent again: ${sent.join(', ')}`);
  return headings;
}

/** The folder for pictures of pages, for people to look at; undefined where nobody asks for any. */
export const pictureFolder = process.env['CURFEW_TEST_PICTURES'];

/** A picture is at most so high, so that a person can read it. Pixels. */
const highestPicture = 2_400;

/** Keeps a picture of the page, named after its scheme, or its width where that is a phone's; keeps none unless somebody asks for pictures. */
export async function picture(
  page: Page,
  name: string,
  { colorScheme, viewport }: Pick<BrowserContextOptions, 'colorScheme' | 'viewport'>,
): Promise<void> {
  if (!pictureFolder) return;
  const width = viewport?.width ?? 1_280;
  const called = name.replaceAll(/[^a-z]+/gi, '-').replaceAll(/^-|-$/g, '');
  const path = join(pictureFolder, `${called}-${width < 400 ? width : colorScheme}.png`);
  // A dialog lies over the window, whatever is below it on the page.
  if (await page.locator('dialog[open]').count()) return void (await page.screenshot({ path }));
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  const clip = { x: 0, y: 0, width, height: Math.min(height, highestPicture) };
  await page.screenshot({ path, fullPage: true, clip });
}
