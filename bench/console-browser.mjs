import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';

/**
 * Chromium with the console of a started product (`url`, with first-run data in the folder `home`), signed in as its first operator, on a
 * page of it that shows what `shown` selects.
 */
export async function openConsole({ home, url }, address, shown) {
  const data = JSON.parse(readFileSync(path.join(home, 'dev.json'), 'utf8'));
  const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
    existsSync,
  );
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  const page = await browser.newPage();
  await page.goto(`${url}${address}`);
  await page.getByLabel('Username').fill(data.operator);
  const { password } = data.accounts.find(({ username }) => username === data.operator);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  const allow = page.getByRole('button', { name: 'Allow' });
  const there = page.locator(shown).first();
  await Promise.race([allow.waitFor(), there.waitFor()]);
  if (await allow.count()) await allow.click();
  await there.waitFor();
  return { browser, page };
}
