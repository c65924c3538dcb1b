import type { KoaContextWithOIDC } from 'oidc-provider';

/**
 * A context is emptied once its request is over. The library gives each context an accessor `oidc` with a function of its own. V8
 * keeps accessors in the old generation, so the function, the context and all that was read for the request would live until the next long
 * collection, and be copied there first (ADR 128). To be called when the library is done; the answer may still be on its way.
 */
export function letGoWhenAnswered(ctx: KoaContextWithOIDC): void {
  const { res } = ctx;
  // The caller is gone already; Koa has yet to find that out from the context.
  if (res.closed) setImmediate(letGo, ctx);
  else res.once('close', () => letGo(ctx));
}

function letGo(ctx: KoaContextWithOIDC): void {
  // A path that the library does not answer has none.
  const { oidc }: { readonly oidc?: object } = ctx;
  for (const held of oidc ? [oidc, ctx] : [ctx])
    for (const key of Reflect.ownKeys(held)) Reflect.set(held, key, undefined);
}
