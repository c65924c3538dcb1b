import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { readForm } from './form.js';

const urlencoded = 'application/x-www-form-urlencoded';
const request = (body: string | Buffer, headers: Record<string, string> = {}): IncomingMessage =>
  Object.assign(Readable.from(body.length === 0 ? [] : [Buffer.from(body)]), {
    headers: { 'content-type': urlencoded, ...headers },
  }) as unknown as IncomingMessage;

const limit = 1000;

describe('a form', () => {
  it('is read as a browser sends it', async () => {
    const form = await readForm(request('name=J%C3%BCrgen+M&empty=&a%5Bb%5D=1'), limit);
    expect([...form]).toEqual([
      ['name', 'Jürgen M'],
      ['empty', ''],
      ['a[b]', '1'],
    ]);
  });

  it('may have a field named like a property of objects', async () => {
    expect((await readForm(request('__proto__=x&constructor=y'), limit)).get('__proto__')).toBe('x');
  });

  it.each([
    ['a NUL', 'a=%00'],
    ['broken UTF-8, percent-encoded', 'a=%ff'],
    ['broken UTF-8, raw', Buffer.from([0x61, 0x3d, 0xff])],
    ['a field twice', 'a=1&a=2'],
    ['more fields than any page sends', Array.from({ length: 51 }, (_, i) => `f${i}=`).join('&')],
  ])('with %s is refused as damaged', async (_, body) => {
    await expect(readForm(request(body), limit)).rejects.toMatchObject({ status: 400 });
  });

  it.each([
    ['JSON', { 'content-type': 'application/json' }],
    ['multipart', { 'content-type': 'multipart/form-data; boundary=x' }],
    ['no type', { 'content-type': '' }],
    ['UTF-7', { 'content-type': `${urlencoded}; charset=utf-7` }],
    ['a type that only starts right', { 'content-type': `${urlencoded}x` }],
  ])('with %s is refused as another kind', async (_, headers) => {
    await expect(readForm(request('a=1', headers), limit)).rejects.toMatchObject({ status: 415 });
  });

  it('may be exactly as large as the limit', async () => {
    expect((await readForm(request(`a=${'x'.repeat(limit - 2)}`), limit)).get('a')).toHaveLength(limit - 2);
  });

  it.each([
    ['by what it says', { 'content-length': String(limit + 1) }, 'a=1'],
    ['by what it sends', {}, `a=${'x'.repeat(limit - 1)}`],
  ])('one byte over the limit %s is refused', async (_, headers, body) => {
    await expect(readForm(request(body, headers), limit)).rejects.toMatchObject({ status: 413 });
  });
});
