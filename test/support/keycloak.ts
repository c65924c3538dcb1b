import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from './ports.js';

/**
 * The folder of a Keycloak, unpacked from its distribution (`org.keycloak:keycloak-quarkus-dist`, a zip, at Maven Central; it runs on Java 17
 * or newer). Tests that need one are skipped where the variable is not set.
 */
export const keycloakFolder = process.env['CURFEW_TEST_KEYCLOAK'];

/** A realm with one client and one person. */
export interface Realm {
  readonly client: { readonly id: string; readonly secret: string };
  readonly redirectUri: string;
  readonly logoutUri: string;
  readonly person: { readonly username: string; readonly password: string; readonly email: string };
}

/** A Keycloak of its own, in memory. */
export class Keycloak {
  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
    readonly issuer: string,
    private readonly log: readonly string[],
  ) {}

  static async start(
    distribution: string,
    { client, redirectUri, logoutUri, person }: Realm,
  ): Promise<Keycloak> {
    const port = await freePort();
    const folder = await mkdtemp(path.join(os.tmpdir(), 'curfew-keycloak-'));
    const realm = {
      ...{ realm: 'company', enabled: true, sslRequired: 'none' },
      clients: [
        {
          ...{ clientId: client.id, secret: client.secret, enabled: true, redirectUris: [redirectUri] },
          ...{ protocol: 'openid-connect', publicClient: false, standardFlowEnabled: true },
          attributes: { 'backchannel.logout.url': logoutUri, 'backchannel.logout.session.required': 'true' },
        },
      ],
      users: [
        {
          ...{ username: person.username, email: person.email, emailVerified: true, enabled: true },
          ...{ firstName: 'Ada', lastName: 'Lovelace' },
          credentials: [{ type: 'password', value: person.password }],
        },
      ],
    };
    const file = path.join(folder, 'realm.json');
    await writeFile(file, JSON.stringify(realm));
    const log: string[] = [];
    const run = (command: string, ...rest: string[]) => {
      const child = spawn(path.join(distribution, 'bin', 'kc.sh'), [command, ...rest], {
        env: { ...process.env, JAVA_OPTS_APPEND: '-Xmx512m' },
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
      });
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => log.push(chunk.toString()));
      return child;
    };
    const memory = `--db-url=jdbc:h2:file:${path.join(folder, 'keycloak')};NON_KEYWORDS=VALUE`;
    const importing = run('import', '--file', file, '--db=dev-file', memory);
    const code = await new Promise((resolve) => importing.once('exit', resolve));
    if (code !== 0) throw new Error(`Keycloak took no realm: ${log.join('').slice(-4_000)}`);
    const address = [`--http-port=${port}`, '--http-host=127.0.0.1', '--hostname-strict=false'];
    const child = run('start-dev', '--db=dev-file', memory, ...address);
    const keycloak = new Keycloak(child, folder, `http://127.0.0.1:${port}/realms/company`, log);
    await keycloak.#ready();
    return keycloak;
  }

  async #ready(): Promise<void> {
    for (let attempt = 0; attempt < 600; attempt += 1) {
      const answer = await fetch(`${this.issuer}/.well-known/openid-configuration`).catch(() => undefined);
      if (answer?.ok) return;
      await answer?.body?.cancel();
      if (this.child.exitCode !== null) break;
      await pause(200);
    }
    await this.stop();
    throw new Error(`Keycloak does not start: ${this.log.join('').slice(-4_000)}`);
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    // The script starts Java as a child of its own.
    if (this.child.pid !== undefined && this.child.exitCode === null) {
      process.kill(-this.child.pid, 'SIGTERM');
      await gone;
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}
