import {
  type ClientRegistration,
  type ClientService,
  FullAdministrators,
  type RegisteredClient,
  type ResourceRegistration,
} from '@curfew/clients';
import { adminScopeNames } from '@curfew/config/admin-scopes';
import type { Foundation } from '@curfew/foundation';
import { registerClient } from '@curfew/operations';
import type { Transaction } from '@curfew/persistence';
import { eventOf } from './access/acts.js';

/** The admin API as a resource. */
export const registrationOfAdminApi = (audience: string): ResourceRegistration => ({
  audience,
  name: 'Curfew administration',
  scopes: [...adminScopeNames],
});

/** A client that may do everything at the admin API. */
export const registrationOfAdministrator = (name: string, audience: string): ClientRegistration => ({
  client_name: name,
  grant_types: ['client_credentials'],
  token_endpoint_auth_method: 'client_secret_basic',
  resources: [audience],
  scope: adminScopeNames.join(' '),
});

/** The repairs in words, and the administrator that had to be created. */
export interface RepairedAdministration {
  readonly done: readonly string[];
  readonly made: RegisteredClient | null;
}

type Parts = Pick<Foundation, 'prisma' | 'clock' | 'clients' | 'resources' | 'events' | 'configuration'>;

/** A client for the admin API exists already; further administrators are made by it. */
export class AlreadyAdministered extends Error {
  override readonly name = 'AlreadyAdministered';
}

const administratorsOf = ({ prisma, configuration: { adminUrl } }: Parts): FullAdministrators =>
  new FullAdministrators(prisma, { audience: adminUrl, scopes: adminScopeNames });

/**
 * Registers the admin API and its first client, in one commit. If two run at once, the later one finds the client of the earlier one.
 * @throws {AlreadyAdministered} if a client for the admin API exists.
 */
export async function makeFirstAdministrator(parts: Parts): Promise<RegisteredClient> {
  const { clients, resources, configuration } = parts;
  const { adminUrl } = configuration;
  return parts.prisma.$transaction(async (tx) => {
    await administratorsOf(parts).hold(tx);
    await refuseSecond(clients, adminUrl);
    if (!(await resources.find(adminUrl, tx))) await resources.create(registrationOfAdminApi(adminUrl), tx);
    const registration = registrationOfAdministrator('First administrator', adminUrl);
    return registerClient(parts, registration, { author: () => commandLine }, tx);
  });
}

async function refuseSecond(clients: ClientService, audience: string): Promise<void> {
  for (let after: string | null = null; ; ) {
    const page = await clients.list({ after, limit: 200 });
    const known = page.clients.find(({ metadata }) => metadata.resources.includes(audience));
    if (known)
      throw new AlreadyAdministered(
        `the client ${known.id} may use the admin API already; make further ones with it, or use --repair where nobody can`,
      );
    if (page.next === null) return;
    after = page.next;
  }
}

/** Gives an installation that nobody can administer in full a full administrator, in one commit; else changes nothing. */
export async function repairAdministration(parts: Parts): Promise<RepairedAdministration> {
  const administrators = administratorsOf(parts);
  return parts.prisma.$transaction(async (tx) => {
    await administrators.hold(tx);
    const [known] = await administrators.list(tx);
    if (known)
      return {
        done: [`The ${known.kind} ${known.id} can administer in full: nothing was changed.`],
        made: null,
      };
    await repairApi(parts, tx);
    const [again] = await administrators.list(tx);
    if (again)
      return {
        done: [`The admin API was repaired; the ${again.kind} ${again.id} can administer in full.`],
        made: null,
      };
    const { adminUrl } = parts.configuration;
    const registration = registrationOfAdministrator('Administrator made by repair', adminUrl);
    const made = await registerClient(parts, registration, { author: () => commandLine }, tx);
    return { done: ['A new full administrator was made.'], made };
  });
}

/** The admin API has all its scopes again, beside others it was given, and tokens that only the service itself reads. */
async function repairApi(
  { resources, events, clock, configuration: { adminUrl } }: Parts,
  tx: Transaction,
): Promise<void> {
  const before = await resources.find(adminUrl, tx);
  if (before) {
    const scopes = [...new Set([...before.scopes, ...adminScopeNames])];
    await resources.update(adminUrl, { scopes, tokenFormat: 'opaque' }, before.version, tx);
  } else await resources.create(registrationOfAdminApi(adminUrl), tx);
  const change = before ? 'changed' : 'created';
  const data = { audience: adminUrl, change, fields: ['scopes', 'token_format'], by: bySystem } as const;
  await events.record([eventOf('resource.changed', data, clock.now())], tx);
}

const bySystem = { kind: 'system', id: null, ip: null } as const;

/** The author of what is done at the command line. */
export const commandLine = { by: bySystem };
