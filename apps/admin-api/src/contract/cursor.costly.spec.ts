import { KeyRing, ServiceKeys } from '@curfew/tokens';
import fc from 'fast-check';
import { Cursors } from './cursor.js';

const ring = (...secrets: string[]) => new KeyRing(new ServiceKeys(secrets).derive('cursor'));
const [old, young] = ['o'.repeat(32), 'y'.repeat(32)];

describe('a cursor', () => {
  it('opens to what was sealed, for the question it was sealed for', () => {
    const cursors = new Cursors(ring(old));
    fc.assert(
      fc.property(
        fc.string(),
        fc.array(fc.oneof(fc.string(), fc.integer()), { maxLength: 3 }),
        (question, position) => {
          expect(cursors.open(question, cursors.seal(question, position))).toEqual(position);
          expect(() => cursors.open(`${question}x`, cursors.seal(question, position))).toThrow();
        },
      ),
    );
  });

  it('cannot be changed anywhere', () => {
    const cursors = new Cursors(ring(old));
    const sealed = Buffer.from(cursors.seal('q', [1, 'id']), 'base64url');
    for (let at = 0; at < sealed.length * 8; at++) {
      const changed = Buffer.from(sealed);
      changed[at >> 3]! ^= 1 << (at & 7);
      expect(() => cursors.open('q', changed.toString('base64url'))).toThrow(
        expect.objectContaining({ code: 'invalid_cursor' }),
      );
    }
  });

  it('cannot be made up', () => {
    const cursors = new Cursors(ring(old));
    fc.assert(fc.property(fc.string(), (text) => expect(() => cursors.open('q', text)).toThrow()));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) =>
        expect(() => cursors.open('q', Buffer.from(bytes).toString('base64url'))).toThrow(),
      ),
    );
  });

  it('outlives the roll-over of a secret, but not its removal', () => {
    const sealed = new Cursors(ring(old)).seal('q', [1]);
    expect(new Cursors(ring(young, old)).open('q', sealed)).toEqual([1]);
    expect(() => new Cursors(ring(young)).open('q', sealed)).toThrow();
  });
});
