import { clientBasic } from './client-basic.js';

/** The two parts as a server reads them (RFC 6749 §2.3.1): decoded from base64, parted at the first colon, decoded as a form. */
const asRead = (header: string): readonly string[] => {
  const pair = Buffer.from(header.replace(/^Basic /, ''), 'base64').toString();
  const at = pair.indexOf(':');
  return [pair.slice(0, at), pair.slice(at + 1)].map(
    (part) => new URLSearchParams(`a=${part}`).get('a') ?? '',
  );
};

describe('a client that proves itself by its secret', () => {
  it.each([
    ['plain', 'secret'],
    ['https://agent.example:8443/client', 'a:b:c'],
    ['per%cent', '50%25+1 & more=less'],
    ['Käse', '日本語 ~ \u{1f511}'],
    ['empty', ''],
  ])('is read as it was written: %s', (id, secret) => {
    expect(asRead(clientBasic(id, secret))).toEqual([id, secret]);
  });

  it('is written as the example of the standard (RFC 6749 §2.3.1)', () => {
    expect(clientBasic('s6BhdRkqt3', '7Fjfp0ZBr1KtDRbnfVdmIw')).toBe(
      'Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3',
    );
  });
});
