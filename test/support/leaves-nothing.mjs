/** Kinds that end by themselves. */
const passing = new Set(['Immediate', 'FSReqCallback', 'FSReqPromise', 'CloseReq', 'TickObject']);

/** Servers, sockets, timers and so on that keep the process alive, by how many there are of each kind. */
function open() {
  const counts = new Map();
  for (const kind of process.getActiveResourcesInfo())
    if (!passing.has(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

/** A server that was closed, or a socket, needs some turns until it has gone. */
const patienceMs = 2_000;

/** For the file of unit tests `name`: `begins` before its first hook and `ends` after its last one, which fails if it left something open. @param {string} name */
export function leavesNothing(name) {
  let before = new Map();
  const left = () =>
    [...open()].filter(([kind, count]) => count > (before.get(kind) ?? 0)).map(([kind]) => kind);
  return {
    begins: () => {
      before = open();
    },
    ends: async () => {
      const until = performance.now() + patienceMs;
      while (left().length > 0 && performance.now() < until)
        await new Promise((resolve) => setTimeout(resolve, 20));
      if (left().length > 0)
        throw new Error(`${name} leaves open: ${left().join(', ')}. Close it in afterEach or afterAll.`);
    },
  };
}
