import { type ArtifactStore, InteractionUsed } from '@curfew/artifacts';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { RequestScope } from './request-scope.js';

/**
 * Writes what the library saved, in one commit, before the answer leaves. After a failure nothing of the request is written, and the
 * browser keeps the cookies it has: it may try again.
 * @throws InteractionUsed, and what the database says
 */
export async function writeStaged(
  ctx: KoaContextWithOIDC,
  scope: RequestScope,
  { artifacts }: { readonly artifacts: ArtifactStore },
): Promise<void> {
  if (scope.failure === undefined) return writeScope(scope, artifacts);
  ctx.remove('Set-Cookie');
  scope.staged.clear();
  if (!(scope.failure instanceof InteractionUsed)) return;
  // The library takes what it does not know for a fault; this is none.
  const gone = scope.failure;
  scope.failure = undefined;
  throw gone;
}

/** Writes what was saved in a scope, and a consent once more that had changed since it was read. @throws InteractionUsed */
export async function writeScope(
  { staged, consentAgain }: RequestScope,
  artifacts: ArtifactStore,
): Promise<void> {
  const remembered = await artifacts.commit(staged);
  if (!remembered) await consentAgain?.();
}
