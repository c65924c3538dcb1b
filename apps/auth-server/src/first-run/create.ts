import { randomBytes } from 'node:crypto';
import type { AccountService, OperatorStore } from '@curfew/accounts';
import {
  type Client,
  type ClientRegistration,
  type ClientService,
  type PolicyService,
  type ResourceService,
  usesSecret,
} from '@curfew/clients';
import { adminScopeNames } from '@curfew/config/admin-scopes';
import type { PrismaService, Transaction } from '@curfew/persistence';
import type { Instant } from '@curfew/session-policy';
import { type ReadDevFile, readDevFile, writeDevFile } from './dev-file.js';
import {
  type ClientName,
  clientNames,
  type FirstRunAccount,
  type FirstRunClient,
  type FirstRunData,
} from './first-run-data.js';
import {
  type Addresses,
  clientRegistrations,
  consolePolicy,
  operatorUsername,
  resourceRegistrations,
  usernames,
} from './registrations.js';

/** The services that first-run data is made with. */
export interface FirstRunServices {
  readonly accounts: AccountService;
  readonly clients: ClientService;
  readonly resources: ResourceService;
  readonly operators: OperatorStore;
  readonly policies: PolicyService;
}

/** The options of createFirstRunData. */
export interface FirstRunOptions extends Addresses {
  readonly prisma: PrismaService;
  readonly services: FirstRunServices;
  /** The file to which the data are written, for scripts and examples. */
  readonly devFile: string;
  readonly databaseUrl: string;
  readonly now: Instant;
}

/**
 * The result of a start: first-run data were created, checked, or, if file and database did not belong together, given new credentials.
 * `notes` are sentences for the log, without any secret.
 */
export interface FirstRunReport {
  readonly outcome: 'created' | 'kept' | 'renewed';
  readonly notes: readonly string[];
}

/** Raised when something of another origin stands where first-run data would. */
export class FirstRunRefused extends Error {
  override readonly name = 'FirstRunRefused';
}

/** One attempt under the lock, with what it has found and what it tells. */
interface Run {
  readonly options: FirstRunOptions;
  readonly tx: Transaction;
  readonly file: ReadDevFile | null;
  readonly notes: string[];
}

const lockTimeoutMs = 60_000;

/**
 * Creates the sample accounts, clients and APIs once, with random credentials, and writes them to the file. Every later start checks
 * that the credentials in the file still work; if not, it gives the rows new credentials and reports that. If several nodes start
 * together, one does it and the others find it done.
 */
export const createFirstRunData = async (options: FirstRunOptions): Promise<FirstRunReport> =>
  options.prisma.$transaction(
    async (tx) => {
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('curfew first run'))`;
      const run: Run = { options, tx, file: await readDevFile(options.devFile), notes: [] };
      const { accounts, clients } = options.services;
      const before = (await accounts.firstRun(tx)).length + (await clients.firstRun(tx)).length;
      const data = await dataOf(run);
      // The file is written before the commit and so under the lock: the next node finds a file that fits. If the commit fails, the file
      // does not fit, and the next start makes new credentials.
      await writeDevFile(options.devFile, data);
      const outcome = before === 0 ? 'created' : run.notes.length > 0 ? 'renewed' : 'kept';
      return { outcome, notes: run.notes };
    },
    { timeout: lockTimeoutMs, maxWait: lockTimeoutMs },
  );

const dataOf = async (run: Run): Promise<FirstRunData> => {
  const { issuer, adminUrl, gatewayUrl, consoleUrl, databaseUrl } = run.options;
  await ensureResources(run);
  const known = await run.options.services.clients.firstRun(run.tx);
  const registrations = clientRegistrations(run.options);
  const clients: Partial<Record<ClientName, FirstRunClient>> = {};
  for (const name of clientNames) {
    clients[name] = await ensureClient(run, name, registrations[name], known);
  }
  const accounts = await ensureAccounts(run, belongs(run.file, known));
  await ensurePolicy(run, clients.console?.client_id ?? '');
  return {
    issuer,
    adminUrl,
    gatewayUrl,
    consoleUrl,
    gatewayCookieSecret: run.file?.gatewayCookieSecret ?? randomBytes(32).toString('hex'),
    databaseUrl,
    operator: operatorUsername,
    accounts,
    clients: clients as FirstRunData['clients'],
  };
};

/** Ids are random: a file that names one of the database's clients was written for this database. */
const belongs = (file: ReadDevFile | null, known: readonly Client[]): boolean =>
  Object.values(file?.clients ?? {}).some((client) => known.some(({ id }) => id === client?.client_id));

const ensureResources = async ({ options, tx }: Run): Promise<void> => {
  for (const registration of resourceRegistrations(options)) {
    const found = await options.services.resources.find(registration.audience, tx);
    if (!found) await options.services.resources.create(registration, tx);
  }
};

/** The console has a policy of its own from its first start on; changes made by hand stay. */
const ensurePolicy = async ({ options, tx }: Run, clientId: string): Promise<void> => {
  const { policies } = options.services;
  const { name, settings } = consolePolicy;
  if (await policies.find(name, tx)) return;
  await policies.save({ name, previous: 0, settings, createdBy: 'first start' }, tx);
  await policies.attach({ kind: 'client', id: clientId }, name, tx);
};

const isNamed = (client: Client, name: ClientName): boolean =>
  new RegExp(`^${name}-[0-9a-f]{8}$`).test(client.id);

const ensureClient = async (
  run: Run,
  name: ClientName,
  registration: ClientRegistration,
  known: readonly Client[],
): Promise<FirstRunClient> => {
  const { clients } = run.options.services;
  const stated = run.file?.clients[name];
  const found =
    known.find(({ id }) => id === stated?.client_id) ?? known.find((client) => isNamed(client, name));
  if (!found) {
    const id = `${name}-${randomBytes(4).toString('hex')}`;
    const { client, secret } = await clients.create(registration, { id, firstRun: true }, run.tx);
    if (known.length > 0) run.notes.push(`The client ${name} was missing and was made anew.`);
    return describe(name, client, registration, secret);
  }
  const client = await includeAddresses(run, found, registration);
  if (!usesSecret(client.metadata.token_endpoint_auth_method))
    return describe(name, client, registration, null);
  const secret = stated?.client_secret ?? '';
  if (await clients.checkSecret(client.id, secret, run.tx))
    return describe(name, client, registration, secret);
  run.notes.push(`The secret of the client ${name} was not in the file; it got a new one.`);
  return describe(name, client, registration, await clients.rollOverSecret(client.id, undefined, run.tx));
};

/** Adds addresses at new ports; changes made by hand stay. */
const includeAddresses = async (
  run: Run,
  client: Client,
  registration: ClientRegistration,
): Promise<Client> => {
  const { metadata } = client;
  const members = ['redirect_uris', 'post_logout_redirect_uris', 'resources'] as const;
  const change = Object.fromEntries(
    members.flatMap((member) => {
      const missing = (registration[member] ?? []).filter((entry) => !metadata[member].includes(entry));
      return missing.length === 0 ? [] : [[member, [...metadata[member], ...missing]]];
    }),
  );
  // The gateway answers for the admin API at its present address; every other audience is a name.
  if (registration.resource === run.options.adminUrl && client.resource !== registration.resource)
    Object.assign(change, { resource: registration.resource });
  if (Object.keys(change).length === 0) return client;
  return (await run.options.services.clients.update(client.id, change, client.version, run.tx)).client;
};

const describe = (
  name: ClientName,
  client: Client,
  registration: ClientRegistration,
  secret: string | null,
): FirstRunClient => {
  const resource = name === 'admin' ? registration.resources?.[0] : registration.resource;
  return {
    client_id: client.id,
    ...(secret === null ? {} : { client_secret: secret }),
    ...(registration.redirect_uris ? { redirect_uris: registration.redirect_uris } : {}),
    ...(registration.post_logout_redirect_uris
      ? { post_logout_redirect_uris: registration.post_logout_redirect_uris }
      : {}),
    ...(resource ? { resource } : {}),
    ...(registration.scope ? { scope: registration.scope } : {}),
  };
};

const makeOperator = ({ options: { services, now }, tx }: Run, accountId: string): Promise<void> =>
  services.operators.set(accountId, adminScopeNames, 'first start', now, tx);

const newPassword = (): string => randomBytes(18).toString('base64url');

/**
 * A password in a file that belongs to this database is left alone, even if the account has another one by now: somebody
 * may have changed it on purpose.
 */
const ensureAccounts = async (run: Run, fileBelongs: boolean): Promise<FirstRunAccount[]> => {
  const { accounts } = run.options.services;
  const known = await accounts.firstRun(run.tx);
  const result: FirstRunAccount[] = [];
  for (const username of usernames) {
    const found = known.find((account) => account.username === username);
    const stated = run.file?.accounts.find((account) => account.username === username);
    if (found && stated && fileBelongs) {
      result.push({ username, password: stated.password });
      continue;
    }
    const password = newPassword();
    if (found) {
      await accounts.changePassword(found.id, password, run.tx);
      run.notes.push(`The password of ${username} was not in the file; it got a new one.`);
    } else {
      if (await accounts.findByUsername(username, run.tx)) {
        throw new FirstRunRefused(`The database has an account ${username} that is not first-run data.`);
      }
      const { id } = await accounts.create({ username, password, firstRun: true }, run.tx);
      if (username === operatorUsername) await makeOperator(run, id);
      if (known.length > 0) run.notes.push(`The account ${username} was missing and was made anew.`);
    }
    result.push({ username, password });
  }
  return result;
};
