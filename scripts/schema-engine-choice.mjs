import { existsSync, readdirSync } from 'node:fs';
import { at } from './repository.mjs';

/**
 * Additions to the environment of the Prisma CLI. If its native schema engine is installed, or PRISMA_SCHEMA_ENGINE_BINARY names one,
 * that is used; otherwise the same engine as WebAssembly, because the native one is not in the package registry. Set
 * PRISMA_NATIVE_ENGINE=true to let Prisma download its own.
 */
export function schemaEngineEnvironment(env = process.env) {
  const quiet = { CHECKPOINT_DISABLE: '1', PRISMA_HIDE_UPDATE_MESSAGE: '1' };
  if (env.PRISMA_SCHEMA_ENGINE_BINARY || env.PRISMA_NATIVE_ENGINE === 'true' || nativeEngineIsInstalled())
    return quiet;
  return { ...quiet, PRISMA_SCHEMA_ENGINE_BINARY: at('scripts', 'schema-engine.mjs') };
}

function nativeEngineIsInstalled() {
  const folder = at('node_modules', '@prisma', 'engines');
  return existsSync(folder) && readdirSync(folder).some((name) => name.startsWith('schema-engine-'));
}
