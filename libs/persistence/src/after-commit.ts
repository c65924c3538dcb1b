const left = new WeakMap<object, (() => void)[]>();

/** Begins to take tasks for the time after this transaction; the function that it returns carries them out. */
export function takeTasks(transaction: object): () => void {
  const tasks: (() => void)[] = [];
  left.set(transaction, tasks);
  return () => {
    for (const task of tasks) task();
  };
}

/** Has `task` run once the transaction has committed. It does not run when that is undone, nor when nobody knows whether it was. */
export function afterCommit(transaction: object, task: () => void): void {
  const tasks = left.get(transaction);
  if (!tasks) throw new TypeError('PrismaService did not begin this transaction');
  tasks.push(task);
}
