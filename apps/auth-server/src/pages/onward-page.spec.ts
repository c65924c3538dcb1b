import { createHash } from 'node:crypto';
import { languages, pageHeaders } from '@curfew/pages';
import * as pages from './index.js';

const hostile = `"><script>alert('x')</script>&\``;

describe('the page that goes on by itself', () => {
  const { markup: page } = pages.onwardPage({
    ...{ language: languages.en, to: 'application' },
    ...{ action: hostile, fields: { state: hostile } },
  });

  it('lets no text from outside become markup, and carries the one script that its policy names', () => {
    const scripts = [...page.matchAll(/<script>([^<]*)<\/script>/g)].map(([, script]) => script!);
    expect([scripts.length, page.match(/<script/g)?.length]).toEqual([1, 1]);
    expect(page).not.toContain(hostile);
    expect(page).not.toMatch(/="[^"]*"[^\s>/]|\son[a-z]+=|style=/);
    const hash = createHash('sha256').update(scripts[0]!).digest('base64');
    const policy = pageHeaders({ language: 'en', scripts: [pages.onwardScript] })['Content-Security-Policy'];
    expect(policy).toContain(`; script-src 'sha256-${hash}';`);
  });

  it('has a language, a heading and a button for browsers without script', () => {
    expect(page).toMatch(/<html lang="en"/);
    expect(page.match(/<h1/g)).toHaveLength(1);
    expect(page).toContain('<button class="full">Continue</button>');
    expect(page).not.toContain('<noscript');
  });
});
