import { EventStreamReader, OversizedEvent } from './event-stream.js';

const read = (...chunks: string[]) => {
  const reader = new EventStreamReader();
  return chunks.flatMap((chunk) => reader.read(Buffer.from(chunk)));
};

describe('an event stream', () => {
  it('is read however it is cut into pieces', () => {
    const text =
      'event: beat\nid: 7\ndata: {"at":1}\n\nevent: ends\r\ndata: a\r\ndata: b\r\n\r\n: comment\n\n';
    const whole = read(text);
    expect(whole).toEqual([
      { event: 'beat', id: '7', data: '{"at":1}' },
      { event: 'ends', id: undefined, data: 'a\nb' },
    ]);
    for (let at = 1; at < text.length; at++) {
      expect(read(text.slice(0, at), text.slice(at))).toEqual(whole);
    }
  });

  it('takes letters that come in two pieces', () => {
    const bytes = Buffer.from('data: ü\n\n');
    const reader = new EventStreamReader();
    expect([...reader.read(bytes.subarray(0, 7)), ...reader.read(bytes.subarray(7))]).toEqual([
      { event: 'message', id: undefined, data: 'ü' },
    ]);
  });

  it('takes an event of four megabytes in many lines, and no larger one', () => {
    const line = `data: ${'a'.repeat(1024 * 1024 - 1)}\n`;
    const [event] = read(line, line, line, line, '\n');
    expect(event!.data).toHaveLength(4 * 1024 * 1024 - 1);
    expect(() => read(line, line, line, line, 'data:\n')).toThrow(OversizedEvent);
    expect(read(`${line}\n`, `${line}\n`, `${line}\n`, `${line}\n`, `${line}\n`)).toHaveLength(5);
  });

  it('does not gather a line without end', () => {
    const reader = new EventStreamReader();
    expect(() => {
      for (let i = 0; i < 6; i++) reader.read(Buffer.alloc(1024 * 1024, 'a'));
    }).toThrow(OversizedEvent);
  });
});
