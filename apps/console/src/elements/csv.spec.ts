import { csvCell, csvOf } from './csv.js';

describe('a table as comma-separated values', () => {
  it.each([
    ['a text', 'a text'],
    ['a comma, and "quotes"', '"a comma, and ""quotes"""'],
    ['two\nlines', '"two\nlines"'],
    ['=cmd|calc', "'=cmd|calc"],
    ['+1', "'+1"],
    ['@sum', "'@sum"],
    ['  =1+1', "'  =1+1"],
    ['\uff1d1+1', "'\uff1d1+1"],
    ['\ttabbed', `"'\ttabbed"`],
    ['Firefox;=1+1', `"Firefox;'=1+1"`],
    ['Firefox; "=1+1"', `"Firefox;' ""=1+1"""`],
    ['two\n-2+3', `"two\n'-2+3"`],
    ['Firefox 130; Linux, a-b', '"Firefox 130; Linux, a-b"'],
    [-1, '-1'],
    [null, ''],
  ])('writes %j so that no spreadsheet runs it', (value, written) => {
    expect(csvCell(value)).toBe(written);
  });

  it('has a heading for each column', () => {
    const columns = [{ heading: 'id', text: ({ id }: { id: number }) => id }];
    expect(csvOf(columns, [{ id: 1 }, { id: 2 }])).toBe('id\r\n1\r\n2');
  });
});
