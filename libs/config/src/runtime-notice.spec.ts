import { leaveOutRuntimeNotice } from './index.js';

const notice = 'oidc-provider WARNING: Unsupported runtime. Use Node.js v22.x LTS, or a later LTS release.';

describe('the notice about the runtime', () => {
  it('is left out once, plain or in colour, and every other warning is passed on as it was', () => {
    for (const one of [notice, `\u001b[31;1m${notice}\u001b[0m`]) {
      const said: unknown[][] = [];
      const output = { warn: (...words: unknown[]) => void said.push(words) };
      const { warn } = output;
      leaveOutRuntimeNotice(output);
      const others = [['oidc-provider WARNING: something else', 1], [{ not: 'a text' }], []];
      for (const words of [...others, [one]]) output.warn(...words);
      expect(said).toEqual(others);
      expect(output.warn).toBe(warn);
    }
  });
});
