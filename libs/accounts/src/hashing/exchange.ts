import { HashingOverloaded } from '../work-queue.js';
import type { Hashing, HashingCost } from './hashing.js';

/** A question to the hashing process of the same machine. Passwords travel here and nowhere else. */
export type HashingQuestion =
  | { readonly hashing: 'hash'; readonly id: number; readonly password: string; readonly cost: HashingCost }
  | { readonly hashing: 'verify'; readonly id: number; readonly password: string; readonly hash: string };

/** The answer of the hashing process: the hash or the verdict, or that it cannot be done now, or never. */
export type HashingAnswer =
  | { readonly hashing: 'done'; readonly id: number; readonly value: string | boolean }
  | { readonly hashing: 'later'; readonly id: number; readonly why: string }
  | { readonly hashing: 'failed'; readonly id: number; readonly why: string };

/** Raised when what is to be compared is no hash, or is to cost what cannot be paid. */
export class HashingFailed extends Error {
  override readonly name = 'HashingFailed';
}

interface Job {
  readonly question: HashingQuestion;
  sent: number;
  resolve(value: string | boolean): void;
  reject(error: Error): void;
}

type Unnumbered<Q> = Q extends HashingQuestion ? Omit<Q, 'id'> : never;

const kinds: ReadonlySet<unknown> = new Set(['done', 'later', 'failed']);
const isAnswer = (message: unknown): message is HashingAnswer =>
  kinds.has((message as { hashing?: unknown } | null)?.hashing);

/** How often a question is put before it is given up: the second time because the first may have died of another one. */
const maxAttempts = 2;

/** The asking end: questions that wait for their answers. */
export class HashingQuestions implements Hashing {
  readonly #jobs = new Map<number, Job>();
  #last = 0;

  /** `send` returns whether a process was there to receive the question; if not, `again` is called once there is. */
  constructor(private readonly send: (question: HashingQuestion) => boolean) {}

  hash(password: string, cost: HashingCost): Promise<string> {
    return this.#ask({ hashing: 'hash', password, cost }) as Promise<string>;
  }

  verify(hash: string, password: string): Promise<boolean> {
    return this.#ask({ hashing: 'verify', password, hash }) as Promise<boolean>;
  }

  /** How many wait for an answer. */
  get waiting(): number {
    return this.#jobs.size;
  }

  /** Takes a message; false if it answers nothing that was asked. */
  heard(message: unknown): boolean {
    if (!isAnswer(message)) return false;
    const job = this.#jobs.get(message.id);
    if (!job) return false;
    this.#jobs.delete(message.id);
    if (message.hashing === 'done') job.resolve(message.value);
    else if (message.hashing === 'later') job.reject(new HashingOverloaded(message.why));
    else job.reject(new HashingFailed(message.why));
    return true;
  }

  /** The hashing process is gone. Questions are sent again, except those that were sent often enough. */
  lost(): void {
    this.#giveUp(({ sent }) => sent >= maxAttempts, 'The process that hashes passwords ended twice at it.');
  }

  /** There is somebody new to ask: puts every question that waits. */
  again(): void {
    for (const job of this.#jobs.values()) this.#put(job);
  }

  /** Nobody is asked any more. */
  close(): void {
    this.#giveUp(() => true, 'The service is stopping.');
  }

  #ask(asked: Unnumbered<HashingQuestion>): Promise<string | boolean> {
    this.#last += 1;
    const question = { id: this.#last, ...asked } as HashingQuestion;
    return new Promise((resolve, reject) => {
      const job: Job = { question, sent: 0, resolve, reject };
      this.#jobs.set(question.id, job);
      this.#put(job);
    });
  }

  #put(job: Job): void {
    if (this.send(job.question)) job.sent += 1;
  }

  #giveUp(which: (job: Job) => boolean, why: string): void {
    for (const [id, job] of this.#jobs) {
      if (!which(job)) continue;
      this.#jobs.delete(id);
      job.reject(new HashingOverloaded(why));
    }
  }
}

/** The answering end: takes a message, and answers it if it is a question; false if it is something else. */
export function answerHashing(
  hashing: Hashing,
  message: unknown,
  answer: (answer: HashingAnswer) => void,
): boolean {
  const question = message as HashingQuestion | null;
  if (question?.hashing !== 'hash' && question?.hashing !== 'verify') return false;
  const { id, password } = question;
  const work: Promise<string | boolean> =
    question.hashing === 'hash'
      ? hashing.hash(password, question.cost)
      : hashing.verify(question.hash, password);
  work.then(
    (value) => answer({ hashing: 'done', id, value }),
    (error: unknown) => {
      const why = error instanceof Error ? error.message : 'unknown';
      answer({ hashing: error instanceof HashingOverloaded ? 'later' : 'failed', id, why });
    },
  );
  return true;
}
