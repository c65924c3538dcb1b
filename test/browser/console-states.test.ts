import { randomUUID } from 'node:crypto';
import type { Page, Route } from 'playwright-core';
import { ConsoleWorld, pageAddresses, routedPages, violations } from './console-world.js';

let world: ConsoleWorld;

beforeAll(async () => {
  world = await ConsoleWorld.open();
}, 90_000);
afterEach(async () => expect(await world?.tidy()).toEqual([]));
afterAll(() => world?.close());

const nobody = randomUUID();
const nothing = 'zzzz-nothing-is-called-that';

/** Each page where there is nothing to show: an address, and the words that say so. They are read before anything is made. */
const emptyPages: Readonly<Record<string, readonly [address: string, says: string | RegExp]>> = {
  '/now': ['/now', 'No pattern passed its threshold.'],
  '/people': [`/people?prefix=${nothing}`, 'Nobody’s username begins like this.'],
  '/people/identity-providers': [
    '/people/identity-providers',
    'People sign in with the accounts of this service alone.',
  ],
  '/people/$id': [`/people/${nobody}`, 'There is no such account'],
  '/applications': [`/applications?search=${nothing}`, 'No application is called that.'],
  '/applications/$id': [`/applications/${nothing}`, 'There is no such client'],
  '/apis': [`/apis?search=${nothing}`, 'No API is called that.'],
  '/apis/routes': ['/apis/routes', 'No route is kept here.'],
  '/apis/routes/$name': [`/apis/routes/${nothing}`, 'There is no route with this name.'],
  '/policies/$name': [`/policies/${nothing}`, 'There is no such policy'],
  '/insight': ['/insight', 'There is too little evidence yet'],
  '/events': ['/events?ip=192.0.2.254', 'No event meets these conditions.'],
  '/events/transmitters': ['/events/transmitters', 'No other service tells of security events.'],
  '/scenarios': ['/scenarios', 'Nothing was played yet.'],
  '/system': ['/system', 'Nobody is told of events.'],
  '/sessions': ['/sessions?ip=192.0.2.254', 'No session meets these conditions.'],
  '/sessions/$id': [`/sessions/${nobody}`, 'There is no such session'],
};
/** Pages that have something to show always: the demands of documents, the policy of the console itself, and a form. */
const neverEmpty = ['/compliance', '/policies', '/apis/new-route'];

it('every page says so where it has nothing to show', async () => {
  expect([...Object.keys(emptyPages), ...neverEmpty].toSorted()).toEqual(routedPages().toSorted());
  const page = await world.enter('/console/now');
  const wrong: unknown[] = [];
  for (const [name, [address, says]] of Object.entries(emptyPages)) {
    await page.goto(`${world.url}/console${address}`);
    await page
      .getByRole('main')
      .getByText(says)
      .first()
      .waitFor()
      .catch(async () => wrong.push([name, (await page.getByRole('main').textContent())?.slice(0, 300)]));
    const faults = await world.faults(page);
    if (faults.length > 0) wrong.push([name, faults]);
  }
  expect(wrong).toEqual([]);
}, 180_000);

/** The console asks the admin API for everything that a page shows, beside who the operator is and the feed. */
const questions = /\/v1\/(?!caller|events\/stream)/;
/** A form asks nothing before somebody types. */
const askNothing = ['/apis/new-route'];
const refusal = {
  type: 'about:blank',
  title: 'Too Many Requests',
  status: 429,
  code: 'too_many_requests',
  detail: 'There were too many requests at once.',
};

/** Answers to the questions of a page as the test wants them: none yet, a refusal, or those of the admin API. */
async function answersOf(page: Page) {
  const held: Route[] = [];
  let how: 'held' | 'refused' | 'answered' = 'answered';
  await page.route(questions, async (route) => {
    if (how === 'held') held.push(route);
    else if (how === 'answered') await route.continue();
    else
      await route.fulfill({
        status: refusal.status,
        contentType: 'application/problem+json',
        body: JSON.stringify(refusal),
      });
  });
  return {
    are: async (next: typeof how) => {
      how = next;
      if (next === 'answered') await Promise.all(held.splice(0).map((route) => route.continue()));
    },
  };
}

/** The times of a page whose exact instant is not there for a pointer and for programs. */
const vagueTimes = (page: Page) =>
  page
    .getByRole('main')
    .locator('time')
    .evaluateAll((times) => {
      const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long' });
      return {
        all: times.length,
        vague: (times as HTMLTimeElement[])
          .filter(({ title, dateTime }) => title !== exact.format(new Date(dateTime)))
          .map(({ outerHTML }) => outerHTML),
      };
    });

it('every page says that it is reading, then what was refused with a way to try again, and then shows everything', async () => {
  const { sid } = await world.admin.signIn();
  const page = await world.enter('/console/now');
  const answers = await answersOf(page);
  const main = page.getByRole('main');
  const wrong: unknown[] = [];
  let times = 0;
  for (const [name, [address, there]] of Object.entries(await pageAddresses(world, sid))) {
    if (askNothing.includes(name)) continue;
    const note = (state: string) => (error: Error) => wrong.push([name, state, error.message.slice(0, 200)]);
    await answers.are('held');
    await page.goto(`${world.url}/console${address}`);
    const reading = main
      .locator('.loading[role=status][aria-label]')
      .or(main.getByText(/^(Reading|Asking|Counting) .*…$/))
      .first();
    await reading.waitFor().catch(note('reading'));
    const whileReading = await violations(page);
    if (whileReading.length > 0) wrong.push([name, 'reading', whileReading]);
    await answers.are('answered');
    await main.getByText(there).first().waitFor().catch(note('read'));
    await world.whole(page);
    const told = await vagueTimes(page);
    times += told.all;
    if (told.vague.length > 0) wrong.push([name, 'times', told.vague]);

    await answers.are('refused');
    await page.goto(`${world.url}/console${address}`);
    const failed = main.getByRole('alert').filter({ hasText: refusal.detail });
    await failed.first().waitFor().catch(note('refused'));
    const faults = await world.faults(page);
    if (faults.length > 0) wrong.push([name, 'refused', faults]);
    await answers.are('answered');
    const again = failed.getByRole('button', { name: 'Try again' });
    if ((await again.count()) === 0) wrong.push([name, 'refused', 'nothing to try again']);
    for (let presses = 0; presses < 20 && (await again.count()) > 0; presses += 1) {
      await again.first().click();
      await world.whole(page);
    }
    await main.getByText(there).first().waitFor().catch(note('tried again'));
    if ((await failed.count()) > 0) wrong.push([name, 'tried again', await failed.allTextContents()]);
  }
  expect(wrong).toEqual([]);
  expect(times).toBeGreaterThan(20);
}, 300_000);
