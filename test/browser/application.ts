import { createHash, randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { FirstRunData, RunningServer } from '../support/server.js';

/** Tokens as the token endpoint answers. */
export interface Tokens {
  readonly access_token: string;
  readonly refresh_token?: string;
  readonly id_token?: string;
  readonly error?: string;
}

/** The first-run client `web` as an application a person uses: it sends them to sign in and takes them back. */
export class Application {
  private readonly verifier = randomBytes(32).toString('base64url');
  private server: Server | undefined;
  private readonly visits = new Map<string, () => void>();

  constructor(
    private readonly running: RunningServer,
    private readonly data: FirstRunData,
    /** Redirects the application answers with, by path; every other path is a page of it. */
    private readonly redirects: Readonly<Record<string, string>> = {},
  ) {}

  private get client() {
    return this.data.clients.web;
  }

  get redirectUri(): string {
    return this.client.redirect_uris[0]!;
  }

  /** Resolves when the next request for this path comes. */
  visit(path: string): Promise<void> {
    return new Promise((resolve) => this.visits.set(path, resolve));
  }

  /** Listens where the client is registered. */
  async open(): Promise<this> {
    const server = createServer((request, response) => {
      const [path = ''] = request.url!.split('?');
      this.visits.get(path)?.();
      const location = this.redirects[path];
      if (location !== undefined) response.writeHead(302, { location });
      else response.setHeader('content-type', 'text/html; charset=utf-8');
      response.end(
        '<!doctype html><html lang="en"><title>Application</title><h1>Back at the application</h1>',
      );
    });
    const { port } = new URL(this.redirectUri);
    await new Promise<void>((resolve, reject) =>
      server.once('error', reject).listen(Number(port), '127.0.0.1', resolve),
    );
    this.server = server;
    return this;
  }

  async close(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise((resolve) => (this.server ? this.server.close(resolve) : resolve(undefined)));
  }

  /** The address to which the application sends a person to sign in. */
  authorizationUrl(parameters: Readonly<Record<string, string>> = {}): string {
    const url = new URL(`${this.running.issuer}/authorize`);
    url.search = new URLSearchParams({
      client_id: this.client.client_id,
      response_type: 'code',
      redirect_uri: this.redirectUri,
      scope: 'openid',
      state: 'state-of-the-application',
      code_challenge: createHash('sha256').update(this.verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...parameters,
    }).toString();
    return url.href;
  }

  /** Redeems the code in the address a person came back with. */
  async redeem(address: string): Promise<Tokens> {
    const code = new URL(address).searchParams.get('code') ?? '';
    return this.token({
      grant_type: 'authorization_code',
      code,
      redirect_uri: this.redirectUri,
      code_verifier: this.verifier,
    });
  }

  async refresh({ refresh_token = '' }: Tokens): Promise<Tokens> {
    return this.token({ grant_type: 'refresh_token', refresh_token });
  }

  private async token(parameters: Record<string, string>): Promise<Tokens> {
    const { client_id, client_secret } = this.client;
    const credentials = Buffer.from(`${client_id}:${client_secret}`).toString('base64');
    const response = await fetch(`${this.running.issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${credentials}` },
      body: new URLSearchParams(parameters),
    });
    return (await response.json()) as Tokens;
  }
}
