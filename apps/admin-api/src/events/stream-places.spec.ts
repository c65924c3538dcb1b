import { StreamPlaces } from './stream-places.js';

const refused = expect.objectContaining({ status: 429, code: 'too_many_streams' });

describe('places for event streams', () => {
  it('are ten of one caller, and an eleventh is refused until one is given back', () => {
    const places = new StreamPlaces();
    const open = Array.from({ length: 10 }, () => places.take('one'));
    expect(() => places.take('one')).toThrow(refused);
    places.take('another');
    open[0]!();
    places.take('one');
    expect(() => places.take('one')).toThrow(refused);
  });

  it('are two hundred in all, and one more is refused, whoever asks, until one is given back', () => {
    const places = new StreamPlaces();
    const open = Array.from({ length: 200 }, (_, n) => places.take(`caller ${n % 20}`));
    expect(() => places.take('somebody else')).toThrow(refused);
    open[0]!();
    places.take('somebody else');
    expect(() => places.take('caller 0')).toThrow(refused);
  });
});
