import { PeerMarks } from './peer-marks.js';

describe('marks of other processes', () => {
  it('are those of a thousand, and beyond that the one not heard of for longest is forgotten', () => {
    const marks = new PeerMarks();
    const hear = (n: number, mark = 1) =>
      marks.remember({ node: `node ${n}`, mark, server: null, heardAt: 1 });
    for (let n = 0; n < 1_000; n += 1) hear(n);
    expect(marks.list()).toHaveLength(1_000);
    hear(0, 2);
    expect(marks.list()).toHaveLength(1_000);
    hear(1_000);
    const nodes = marks.list().map(({ node }) => node);
    expect(nodes).toHaveLength(1_000);
    expect([nodes[0], nodes.includes('node 0'), nodes.at(-1)]).toEqual(['node 2', true, 'node 1000']);
    marks.clear();
    expect(marks.list()).toEqual([]);
  });

  it('are believed from the next one on, because the last may stand on a primary that nobody confirmed', () => {
    const marks = new PeerMarks();
    marks.hear({ node: 'one', mark: 1, server: null }, 5);
    expect(marks.list()).toEqual([]);
    marks.hear({ node: 'one', mark: 9, server: null }, 6);
    expect(marks.list()).toEqual([{ node: 'one', mark: 8, server: null, heardAt: 6 }]);
  });
});
