import { HashingOverloaded } from '../work-queue.js';
import { answerHashing, type HashingAnswer, HashingFailed, HashingQuestions } from './exchange.js';
import type { Hashing } from './hashing.js';

const cost = { memoryCost: 64, timeCost: 1, parallelism: 1 };
const hashing: Hashing = {
  hash: async (password) => `hash of ${password}`,
  async verify(hash, password) {
    if (hash === 'nonsense') throw new TypeError('not a hash');
    if (hash === 'busy') throw new HashingOverloaded();
    return hash === `hash of ${password}`;
  },
};

/** Both ends, with JSON between them as there is between processes. */
const connected = () => {
  const questions: HashingQuestions = new HashingQuestions((question) => {
    answerHashing(hashing, JSON.parse(JSON.stringify(question)), (answer) => {
      questions.heard(JSON.parse(JSON.stringify(answer)));
    });
    return true;
  });
  return questions;
};

describe('hashing elsewhere', () => {
  it('gives each question its own answer', async () => {
    const questions = connected();
    const asked = ['a', 'b', 'é \ud800'].map((password) => questions.hash(password, cost));
    expect(await Promise.all(asked)).toEqual(['hash of a', 'hash of b', 'hash of é \ud800']);
    expect(await questions.verify('hash of a', 'a')).toBe(true);
    expect(await questions.verify('hash of a', 'b')).toBe(false);
    expect(questions.waiting).toBe(0);
  });

  it('tells what cannot be hashed now from what never can', async () => {
    await expect(connected().verify('busy', 'a')).rejects.toThrow(HashingOverloaded);
    await expect(connected().verify('nonsense', 'a')).rejects.toThrow(HashingFailed);
  });

  it('asks again where whoever was asked has gone, once', async () => {
    const put: number[] = [];
    const questions = new HashingQuestions(({ id }) => put.push(id) > 0);
    const first = questions.hash('a', cost);
    questions.lost();
    questions.again();
    const second = questions.hash('b', cost);
    questions.lost();
    await expect(first).rejects.toThrow(HashingOverloaded);
    questions.again();
    questions.heard({ hashing: 'done', id: 2, value: 'hash of b' } satisfies HashingAnswer);
    expect(await second).toBe('hash of b');
    expect(put).toEqual([1, 1, 2, 2]);
  });

  it('does not count a question against nobody', async () => {
    let there = false;
    const questions = new HashingQuestions(() => there);
    const asked = questions.hash('a', cost);
    for (let round = 0; round < 5; round += 1) {
      questions.again();
      questions.lost();
    }
    there = true;
    questions.again();
    questions.heard({ hashing: 'done', id: 1, value: 'hash of a' });
    expect(await asked).toBe('hash of a');
  });

  it('leaves alone what others say to each other', () => {
    const questions = connected();
    const answers: HashingAnswer[] = [];
    for (const message of [null, 'hash', {}, { hashing: 'else' }, { hashing: 'done', id: 7, value: true }]) {
      expect(questions.heard(message)).toBe(false);
      expect(answerHashing(hashing, message, (answer) => answers.push(answer))).toBe(false);
    }
    expect(answers).toEqual([]);
  });
});
