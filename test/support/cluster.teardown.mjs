/** Ends what cluster.setup.mjs started. */
export default async function tearDown() {
  await globalThis.tearDownTestCluster?.();
}
