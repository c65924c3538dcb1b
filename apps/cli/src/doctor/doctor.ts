import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ConfigurationError, loadConfiguration } from '@curfew/config';
import {
  checkAddresses,
  checkAdministrators,
  checkCertificate,
  checkDatabase,
  checkGateway,
  checkMetadata,
  checkReady,
  checkStateFolder,
  type Finding,
  fine,
  noted,
  sentenceOf,
  wrong,
} from '@curfew/doctor';
import type { AdminClient, Json } from '../admin-client.js';
import { checkChain } from '../chain.js';
import { readDevFile } from '../connection.js';
import type { Context } from '../context.js';
import { CommandError } from '../exit.js';
import { withFindingsOfAdmin } from './two-doctors.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** Looks at everything, in the order in which one thing needs the other. A detail includes the advice. */
export async function examine(context: Context, env: Environment): Promise<readonly Finding[]> {
  const findings = await findingsOf(context, env);
  return findings.map((finding) => ({
    what: finding.what,
    state: finding.state,
    detail: sentenceOf(finding),
  }));
}

async function findingsOf(context: Context, env: Environment): Promise<readonly Finding[]> {
  const settings = await settingsOf(context.options.devFile, env);
  const dev = await readDevFile(context.options.devFile);
  const issuer = context.options.issuer ?? settings['CURFEW_ISSUER'] ?? dev.issuer;
  const adminUrl = context.options.adminUrl ?? settings['CURFEW_ADMIN_URL'] ?? dev.adminUrl;
  const gatewayUrl = settings['CURFEW_GATEWAY_URL'] ?? dev.gatewayUrl;
  const { DATABASE_URL: database, CURFEW_STATE_FOLDER: stateFolder } = settings;
  const seenHere = [
    node(),
    configuration(settings),
    ...(database
      ? [...(await checkDatabase(database)), ...(await throughDatabase(settings))]
      : [noted('database', 'DATABASE_URL is not set here, so it was not looked at')]),
    checkStateFolder(stateFolder),
    await checkReady('authorization server', issuer, 'is it running (npm start)?'),
    await checkMetadata(issuer),
    await checkReady('admin API', adminUrl, 'is it running, and is CURFEW_ADMIN_URL right?'),
    await checkGateway(gatewayUrl),
    await checkCertificate('certificate of the issuer', issuer),
  ];
  const needed = {
    ...{ database, gateway: gatewayUrl, 'admin API': adminUrl, 'state folder': stateFolder },
    ...{ 'authorization server': issuer, metadata: issuer, 'certificate of the issuer': issuer },
  };
  const notLookedAt = Object.entries(needed).flatMap(([what, value]) => (value ? [] : [what]));
  return withFindingsOfAdmin(seenHere, await throughAdmin(context), new Set(notLookedAt));
}

function node(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const enough = major > 20 || (major === 20 && minor >= 19);
  const { node: version } = process.versions;
  return enough ? fine('node', version) : wrong('node', `${version} is too old`, '20.19 or newer is needed');
}

/** The environment, and where `npm start` made things up, what it made up. */
async function settingsOf(devFile: string, env: Environment): Promise<Environment> {
  const dev = await readDevFile(devFile);
  const secrets = await readFile(path.join(path.dirname(devFile), 'secrets.json'), 'utf8')
    .then((text) => (JSON.parse(text) as { keyEncryptionSecrets?: string[] }).keyEncryptionSecrets?.join(','))
    .catch(() => undefined);
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim()));
  const madeUp = {
    DATABASE_URL: dev.databaseUrl,
    CURFEW_ISSUER: dev.issuer,
    CURFEW_ADMIN_URL: dev.adminUrl,
    CURFEW_GATEWAY_URL: dev.gatewayUrl,
    CURFEW_KEY_ENCRYPTION_SECRETS: secrets,
    CURFEW_STATE_FOLDER: secrets && path.join(path.dirname(devFile), 'state'),
  };
  return { ...Object.fromEntries(Object.entries(madeUp).filter(([, value]) => value)), ...given };
}

/** Every fault of the configuration by name; no value is shown. */
function configuration(settings: Environment): Finding {
  try {
    const { mode } = loadConfiguration(settings);
    return fine('configuration', `in order, for ${mode}`);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return wrong('configuration', error.message.replaceAll('\n', '; '));
  }
}

/** Checks the ways to the database and the administrators; faults of the configuration are reported elsewhere. */
async function throughDatabase(settings: Environment): Promise<readonly Finding[]> {
  try {
    const configuration = loadConfiguration(settings);
    return [...(await checkAddresses(configuration)), await checkAdministrators(configuration)];
  } catch (error) {
    if (error instanceof ConfigurationError) return [];
    throw error;
  }
}

/** Findings that only the service has: those of its own doctor, and first-run data. */
async function throughAdmin(context: Context): Promise<readonly Finding[]> {
  try {
    const admin = await context.admin();
    await admin.token();
    const [examined, clients] = await Promise.all([
      admin.get('/v1/doctor'),
      admin.list('/v1/clients', { limit: 200 }, 1_000),
    ]);
    return [
      fine('credentials', `a token for ${admin.connection.clientId}`),
      ...examined.items.map(findingOf),
      await chainOf(admin),
      firstRunOf(clients),
    ];
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return [wrong('credentials', error.message.split('\n')[0]!)];
  }
}

/** The latest part only: `curfew events verify` looks at all of it. */
async function chainOf(admin: AdminClient): Promise<Finding> {
  const { head } = await checkChain(admin, { from: Number.MAX_SAFE_INTEGER });
  if (head === null) return noted('events', 'nothing is sealed yet');
  const { problems, events } = await checkChain(admin, { from: Math.max(1, head.seal - 199), parts: 1 });
  return problems.length === 0
    ? fine(
        'events',
        `the latest ${events} are as they were sealed (curfew events verify looks at all of them)`,
      )
    : wrong(
        'events',
        `seal ${problems[0]!.seal}: ${problems[0]!.problem}`,
        'run curfew events verify, and find out who could change the database',
      );
}

/** A finding of the doctor of the admin API. */
const findingOf = ({ name, state, detail, advice }: Json): Finding => ({
  ...{ what: name, state, detail },
  ...(advice === null ? {} : { advice }),
});

const firstRunOf = (clients: readonly Json[]): Finding =>
  clients.some((client) => client.first_run)
    ? noted(
        'first-run data',
        'accounts and clients of the first start are there; production refuses to start with them',
      )
    : fine('first-run data', 'none');
