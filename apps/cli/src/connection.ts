import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { CommandError, exitCodes } from './exit.js';

/** Flags that every command knows. */
export interface GlobalOptions {
  readonly issuer?: string;
  readonly adminUrl?: string;
  readonly clientId?: string;
  readonly clientSecretFile?: string;
  readonly devFile: string;
  readonly json?: boolean;
}

/** The addresses of the service, and the credentials for it. */
export interface Connection {
  readonly issuer: string;
  readonly adminUrl: string;
  /** The audience to ask tokens for. */
  readonly resource: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** The part of the first start's file that the command line reads. */
export interface DevFile {
  readonly issuer?: string;
  readonly adminUrl?: string;
  readonly gatewayUrl?: string;
  readonly databaseUrl?: string;
  readonly clients?: {
    readonly admin?: {
      readonly client_id?: string;
      readonly client_secret?: string;
      readonly resource?: string;
    };
    readonly api?: { readonly resource?: string };
  };
}

/** Reads the file of the first start; empty where there is none. */
export async function readDevFile(file: string): Promise<DevFile> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as DevFile;
  } catch {
    return {};
  }
}

/** Flags come before the environment, and that before what the first start wrote. */
export async function connectionFrom(
  options: GlobalOptions,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Connection> {
  const dev = await readDevFile(options.devFile);
  const admin = dev.clients?.admin;
  const adminUrl = options.adminUrl ?? env['CURFEW_ADMIN_URL'] ?? dev.adminUrl;
  const issuer = options.issuer ?? env['CURFEW_ISSUER'] ?? dev.issuer;
  const clientId = options.clientId ?? env['CURFEW_CLI_CLIENT_ID'] ?? admin?.client_id;
  const own = clientId === admin?.client_id ? admin?.client_secret : undefined;
  const clientSecret = (await secretFrom(options.clientSecretFile)) ?? env['CURFEW_CLI_CLIENT_SECRET'] ?? own;
  const missing = Object.entries({
    issuer,
    'admin URL': adminUrl,
    'client id': clientId,
    'client secret': clientSecret,
  })
    .filter(([, value]) => !value)
    .map(([name]) => name);
  if (!issuer || !adminUrl || !clientId || !clientSecret)
    throw new CommandError(
      `${missing.join(', ')}: not known. Start the product with npm start, which writes ${options.devFile}; or see curfew help on flags and environment.`,
      exitCodes.usage,
    );
  return {
    issuer,
    adminUrl: adminUrl.replace(/\/$/, ''),
    resource: adminUrl.replace(/\/$/, ''),
    clientId,
    clientSecret,
  };
}

/** The secret that these bytes are, byte for byte but for one line end behind it, which editors and `echo` add. @throws TypeError */
function secretIn(bytes: Uint8Array): string {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  // Editors of Windows put it there, and nobody sees it.
  if (text.startsWith('\uFEFF')) throw new TypeError('a byte order mark');
  return text.replace(/\r?\n$/, '');
}

/** A secret on the command line would stand in the list of processes, so it comes from a file or from standard input. */
export async function secretFrom(
  file: string | undefined,
  called = 'client secret',
): Promise<string | undefined> {
  if (file === undefined) return undefined;
  let bytes: Uint8Array;
  try {
    bytes = await (file === '-' ? buffer(process.stdin) : readFile(file));
  } catch {
    throw new CommandError(`the file of the ${called} cannot be read`, exitCodes.usage);
  }
  try {
    return secretIn(bytes);
  } catch {
    throw new CommandError(
      `the file of the ${called} cannot be read: it must be text in UTF-8 without a byte order mark`,
      exitCodes.usage,
    );
  }
}
