import { createHash } from 'node:crypto';
import { html, type Language, languages, type PageDocument, pageHeaders, stylesheet } from '@curfew/pages';
import { instant } from '@curfew/session-policy';
import * as pages from './index.js';
import { revealing as revealingElement } from './password-input.js';
import { sentOnce as sentOnceElement } from './sent-once.js';

const [sentOnce, revealing] = [String(sentOnceElement), String(revealingElement)];
const hostile = `"><script>alert('x')</script>&\``;
const hostileText = html`${hostile}`;
const now = instant(Date.UTC(2026, 0, 2));
const form = { language: languages.en, action: hostile, csrf: hostile, xsrf: hostile };
const times = { lastActiveAt: now, expiresAt: now, absoluteDeadline: now, idleWarningAt: now };
const session: pages.SessionEntry = { id: hostile, clientName: hostile, ...times, offline: true };
const signIn: pages.SignInEntry = {
  id: hostile,
  kind: 'browser',
  ...{ browser: hostile, system: hostile, from: hostile },
  ...{ signedInAt: now, lastActiveAt: now },
  thisBrowser: false,
  sessions: [session],
};
const problem = { field: 'current', text: hostileText } as const;

const passkey = { challenge: hostile, rpId: 'localhost', userVerification: 'required' };
const withoutScripts = (page: string): string =>
  [sentOnce, revealing, `<script src="${pages.passkeyScriptPath}" defer></script>`].reduce(
    (rest, script) => rest.replace(script, ''),
    page,
  );

/** Every page with the worst text in every place where text can come from outside. */
const all = (language: Language): [string, PageDocument][] => [
  [
    'sign-in',
    pages.signInPage({ ...form, language, clientName: hostile, username: hostile, problem: hostileText }),
  ],
  [
    'consent',
    pages.consentPage({
      ...form,
      language,
      clientName: hostile,
      returnsTo: hostile,
      username: hostile,
      personal: [{ name: hostile, before: true }],
      claims: [{ name: hostile, before: false }],
      resources: [
        {
          name: hostile,
          audience: 'https://api.example',
          scopes: [
            { name: hostile, before: false },
            { name: `${hostile}:read`, before: true },
          ],
        },
      ],
    }),
  ],
  ['device code', pages.deviceCodePage({ ...form, language, problem: 'expired', userCode: hostile })],
  [
    'device confirmation',
    pages.deviceConfirmPage({
      ...form,
      language,
      clientName: hostile,
      userCode: hostile,
      deviceInfo: { ip: hostile, ua: hostile },
    }),
  ],
  ['device done', pages.deviceDonePage({ language, clientName: hostile })],
  ['device stopped', pages.deviceStoppedPage({ language })],
  ['sign-out', pages.logoutPage({ ...form, language, clientName: hostile })],
  ['signed out', pages.loggedOutPage({ language, clientName: hostile })],
  ['sessions', pages.sessionsPage({ ...form, language, now, signIns: [signIn], more: true, done: 'others' })],
  [
    'password',
    pages.passwordPage({
      ...form,
      language,
      username: hostile,
      minLength: 12,
      asksCode: 'recovery',
      problem,
    }),
  ],
  [
    'new password',
    pages.newPasswordPage({
      ...form,
      language,
      username: hostile,
      minLength: 12,
      proof: { p: hostile },
      problem: { field: 'new', text: hostileText },
    }),
  ],
  [
    'applications',
    pages.applicationsPage({
      ...form,
      language,
      now,
      withdrawn: true,
      applications: [
        {
          clientId: hostile,
          clientName: hostile,
          grantedAt: now,
          scopes: [hostile],
          resources: [{ name: hostile, scopes: [hostile] }],
        },
      ],
    }),
  ],
  [
    'home',
    pages.homePage({
      language,
      username: hostile,
      sessionCount: 2,
      hasSecondStep: false,
      hasProviders: true,
    }),
  ],
  [
    'second step',
    pages.secondStepPage({
      ...{ language, action: hostile, csrf: hostile, clientName: hostile, proof: { account: hostile } },
      ...{ problem: hostileText, takesCode: true, rememberedDays: 7, passkey },
      answering: ['totp', 'passkey'],
    }),
  ],
  ...([true, false] as const).map((isDone): [string, PageDocument] => [
    `enrolment, ${isDone ? 'done' : 'to be done'}`,
    pages.enrolmentPage({
      ...{ language, action: hostile, csrf: hostile, clientName: hostile, settings: hostile },
      ...{ needsPasskey: !isDone, due: isDone ? now : null, isDone, now },
    }),
  ]),
  [
    'mail',
    pages.mailPage({
      ...{ language, action: hostile, csrf: hostile, username: hostile, address: hostile },
      ...{ isConfirmed: false, sendsMail: true, asksCode: 'recovery', passkey, isSent: true, problem },
    }),
  ],
  [
    'sign-ins elsewhere',
    pages.identitiesPage({
      ...{ language, action: hostile, csrf: hostile, username: hostile, now, canProve: true },
      identities: [{ name: hostile, since: now, lastUsedAt: now }],
      changes: [{ act: hostile, kind: 'link', name: hostile }],
      ...{ asksCode: 'recovery', passkey, done: 'linked', problem },
    }),
  ],
  ...(['none', 'proposed', 'in use', 'to be changed'] as const).map((state): [string, PageDocument] => [
    `second step, ${state}`,
    pages.secondStepSettings({
      ...{ language, action: hostile, csrf: hostile, username: hostile, now, passkey },
      ...{ recoveryCodes: 9, always: true, goOn: hostile, problem: { field: 'code', text: hostileText } },
      proof: state === 'in use' ? undefined : { proof: hostile },
      passkeys:
        state === 'none'
          ? []
          : [{ id: hostile, name: hostile, createdAt: now, lastUsedAt: null, isBackedUp: true }],
      app: state === 'in use' || state === 'to be changed' ? { since: now, lastUsedAt: now } : null,
      remembered: state === 'in use' ? [{ browser: hostile, system: hostile, expiresAt: now }] : [],
      proposed: state === 'proposed' ? { secret: hostile, uri: `otpauth://totp/${hostile}` } : null,
    }),
  ]),
  ['recovery codes', pages.recoveryCodesPage({ language, codes: [hostile], isNew: true })],
  ['error', pages.errorPage({ language, words: 'expired', requestId: hostile, advice: hostile })],
];

const inEveryLanguage = Object.values(languages).flatMap((language) =>
  all(language).map(([name, { markup }]) => ({ name, tag: language.tag, page: markup })),
);

describe.each(inEveryLanguage)('the $name page in $tag', ({ tag, page }) => {
  it('lets no text from outside become markup', () => {
    expect(withoutScripts(page)).not.toContain('<script');
    expect(page).not.toContain(hostile);
    expect(page).not.toMatch(/="[^"]*"[^\s>/]/);
  });

  it('has a language, a title, one main heading and a way past the header', () => {
    expect(page).toContain(`<html lang="${tag}"`);
    expect(page).toMatch(/<title>[^<]+ – Curfew<\/title>/);
    expect(page.match(/<h1/g)).toHaveLength(1);
    expect(page).toContain('href="#content"');
  });

  it('labels every field and describes it only by what is there', () => {
    for (const [, id] of page.matchAll(/<input id="([^"]+)"/g)) expect(page).toContain(`<label for="${id}">`);
    for (const [, ids] of page.matchAll(/aria-(?:describedby|labelledby)="([^"]+)"/g)) {
      for (const id of ids!.split(' ')) expect(page).toContain(`id="${id}"`);
    }
  });

  it('carries no script but the one that its policy names, no style of its own and no handler', () => {
    expect(withoutScripts(page)).not.toMatch(/<style|<script|\son[a-z]+=|style=/);
  });
});

it('names the scripts of its forms by the hashes of what stands there', () => {
  const hashes = [sentOnce, revealing].map((element) => {
    const [, script] = /^<script>([^<]*)<\/script>$/.exec(element)!;
    return `'sha256-${createHash('sha256').update(script!).digest('base64')}'`;
  });
  const policy = pageHeaders({ language: 'en', scripts: pages.pageScripts })['Content-Security-Policy'];
  expect(policy).toContain(`; script-src ${hashes.join(' ')};`);
});

it('shows few sign-ins whole, and many by browser with this one first', () => {
  const signIns = (count: number) =>
    Array.from({ length: count }, (_, i) => ({
      ...{ ...signIn, id: `s${i}`, sessions: [{ ...session, clientName: 'Shop' }] },
      ...{ browser: i % 2 ? 'Firefox' : 'Chrome', system: 'Windows', from: `192.0.2.${i}` },
      thisBrowser: i === 5,
    }));
  const shown = (count: number) =>
    pages.sessionsPage({ ...form, now, signIns: signIns(count), more: false }).markup;
  expect(shown(6)).not.toMatch(/<details|class="places"/);
  const many = shown(30);
  expect(
    [...many.matchAll(/<h2 id="places-\d">(.*?) <span class="quiet">(.*?)<\/span>/g)].map(String),
  ).toEqual([
    expect.stringContaining('Firefox on Windows,15 sign-ins'),
    expect.stringContaining('Chrome on Windows,15 sign-ins'),
  ]);
  expect(many.match(/<details><summary>1 application: Shop<\/summary>/g)).toHaveLength(30);
  expect(many.indexOf('192.0.2.5')).toBeLessThan(many.indexOf('192.0.2.1<'));
});

it('ties what is wrong with a sign-in or a code to the fields it is about', () => {
  const signIn = pages.signInPage({ ...form, problem: html`No.` });
  expect(signIn.markup.match(/aria-invalid="true" aria-describedby="problem"/g)).toHaveLength(2);
  expect(pages.deviceCodePage({ ...form, problem: 'failed' }).markup).toContain(
    'aria-describedby="problem explained hint"',
  );
  for (const { markup } of [pages.signInPage(form), pages.deviceCodePage(form)])
    expect(markup).not.toMatch(/aria-invalid|="problem/);
});

it('calls stopping a device no error', () => {
  const { markup } = pages.deviceStoppedPage({ language: languages.en });
  expect(markup).toContain('<title>Stopped – Curfew</title>');
  expect(markup).not.toContain('alert');
});

it('shows actions in the order in which they are reached', () => {
  expect(stylesheet).not.toMatch(/-reverse|[{;]order:/);
});

it('says first in the title that something is wrong', () => {
  expect(pages.signInPage({ ...form, problem: html`No.` }).markup).toContain('<title>Error: Sign in');
});

it('offers no way back to an application when none asked', () => {
  expect(pages.signInPage(form).markup).not.toContain('value="cancel"');
});

it('tells the idle end and the absolute end apart', () => {
  const entry = {
    ...session,
    expiresAt: instant(now + 1_800_000),
    absoluteDeadline: instant(now + 36_000_000),
    idleWarningAt: instant(now + 1),
  };
  const { markup: page } = pages.sessionsPage({
    ...{ ...form, now, more: false },
    signIns: [{ ...signIn, sessions: [entry] }],
  });
  expect(page).toMatch(/in 30 minutes<\/time> unless it is used, and no later than <time[^>]+>in 10 hours/);
  expect(page).not.toContain('Soon');
  const warned = pages.sessionsPage({
    ...form,
    now: entry.idleWarningAt,
    signIns: [{ ...signIn, sessions: [entry] }],
    more: false,
  });
  expect(warned.markup).toContain('Soon');
});

it('offers to keep offline sessions where a browser has some, and names them', () => {
  const offer = (entry: Partial<pages.SignInEntry>) =>
    pages.sessionsPage({ ...form, now, signIns: [{ ...signIn, ...entry }], more: false }).markup;
  const named = { ...session, clientName: 'Sample web' };
  expect(offer({ sessions: [named] })).toContain('Keep offline access of Sample web');
  expect(offer({ sessions: [{ ...named, offline: false }] })).not.toContain('name="keep"');
  expect(offer({ kind: 'device', sessions: [named] })).not.toContain('name="keep"');
  expect(offer({ sessions: [] })).toContain('No application is signed in here.');
});
