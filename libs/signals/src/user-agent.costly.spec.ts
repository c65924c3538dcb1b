import { UserAgentReader } from './user-agent.js';

describe('values of User-Agent', () => {
  it('are two thousand', () => {
    const reader = new UserAgentReader();
    const first = reader.read('agent-0/1');
    for (let n = 1; n < 2_000; n += 1) reader.read(`agent-${n}/1`);
    expect(reader.read('agent-0/1')).toBe(first);
    const second = reader.read('agent-1/1');
    reader.read('one-more/1');
    reader.read('another/1');
    expect(reader.read('agent-1/1')).toBe(second);
    expect(reader.read('agent-0/1')).toBe(first);
  });
});
