import { confirmedWith } from './end-confirmation.js';

it('the last fifty confirmations are reported, and of one more the oldest is not', () => {
  let confirmed: readonly string[] = [];
  for (let n = 0; n < 50; n += 1) confirmed = confirmedWith(confirmed, `confirmation ${n}`);
  expect([confirmed.length, confirmed[0]]).toEqual([50, 'confirmation 0']);
  confirmed = confirmedWith(confirmed, 'one more');
  expect([confirmed.length, confirmed[0], confirmed.at(-1)]).toEqual([50, 'confirmation 1', 'one more']);
});
