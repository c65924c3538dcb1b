import type { KoaContextWithOIDC } from 'oidc-provider';
import type { PageRequest } from '../protocol-pages.js';
import { parameter } from './note-refusals.js';

/** The request that a page answers, with the languages that the application asks for wherever the parameter was sent. */
export const pageRequest = (ctx: KoaContextWithOIDC): PageRequest => ({
  request: ctx.req,
  uiLocales: parameter(ctx, 'ui_locales'),
});
