import { UserAgentReader } from './signals-reader.js';

describe('values of User-Agent', () => {
  it('are remembered to a number, and of one more the one that was used least recently is parsed again', () => {
    const reader = new UserAgentReader(2);
    const [first, second] = [reader.read('one/1'), reader.read('two/1')];
    expect([reader.read('one/1') === first, reader.read('two/1') === second]).toEqual([true, true]);
    reader.read('one/1');
    reader.read('three/1');
    expect(reader.read('one/1')).toBe(first);
    const again = reader.read('two/1');
    expect(again).toEqual(second);
    expect(again).not.toBe(second);
  });
});
