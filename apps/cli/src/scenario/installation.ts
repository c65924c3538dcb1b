import { setTimeout as pause } from 'node:timers/promises';
import type { AdminClient } from '../admin-client.js';
import { readDevFile } from '../connection.js';
import { CommandError, exitCodes } from '../exit.js';
import { sendFrom } from './network.js';

/** The installation a scenario is played on. */
export interface Installation {
  readonly admin: AdminClient;
  readonly issuer: string;
  readonly endpoints: Endpoints;
  /** Its gateway, and the API that gateway protects; null where none is known. */
  readonly gateway: { readonly url: string; readonly audience: string } | null;
  readonly databaseUrl: string | null;
}

/** The endpoints from discovery (RFC 8414 §2) that scenarios need. */
export interface Endpoints {
  readonly authorization_endpoint: string;
  readonly token_endpoint: string;
  readonly introspection_endpoint: string;
}

/** Requests that belong to nobody in the scenario. */
export const besides = sendFrom({ network: 'home', device: 'firefox' });

/** Looks at the installation that the command line is connected to; changes nothing. */
export async function installationOf(
  admin: AdminClient,
  devFile: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Installation> {
  const { issuer } = admin.connection;
  const dev = await readDevFile(devFile);
  const own = dev.issuer === issuer ? dev : {};
  const answer = await besides(new URL(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`), {});
  if (!answer.ok)
    throw new CommandError(`${issuer} gave no metadata (status ${answer.status})`, exitCodes.unreachable);
  const audience = own.clients?.api?.resource;
  return {
    admin,
    issuer,
    endpoints: (await answer.json()) as Endpoints,
    gateway: own.gatewayUrl && audience ? { url: own.gatewayUrl, audience } : null,
    databaseUrl: env['DATABASE_URL'] ?? own.databaseUrl ?? null,
  };
}

/** Asks until something is so, for at most `patienceMs`; resolves to whether it was. The first question is asked at once. */
export async function soon(holds: () => Promise<boolean>, patienceMs: number): Promise<boolean> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    if (await holds()) return true;
    if (performance.now() >= deadline) return false;
    await pause(Math.min(5, patienceMs));
  }
}
