import { readSessionSearch } from './session-search.js';

describe('the search of an address', () => {
  it.each([
    [
      { state: 'live', client: 'shop' },
      { state: 'live', client: 'shop' },
    ],
    [{ state: 'all' }, { state: undefined }],
    [{ client: 42, nothing: 'x' }, { client: '42' }],
  ])('reads %j', (address, search) => {
    expect(readSessionSearch(address)).toStrictEqual(search);
  });
});
