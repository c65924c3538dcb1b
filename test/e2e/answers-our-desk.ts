import { hashOfId, KeyRing, PayloadSeal, ServiceKeys } from '@curfew/tokens';
import { createCertificates, thumbprintOf } from '../support/certificate.js';
import { formsOf } from '../support/person.js';
import {
  type AuthorizationExtras,
  type CertificateName,
  certificateHeader,
  type Desk,
  type DeskClient,
  deskClients,
  registrationOf,
} from './answers-desk.js';
import type { Form, Headers, Reply } from './answers-http.js';
import { Side } from './answers-side.js';
import { AnswersWorld } from './answers-world.js';
import { authorizationRequest, pkce } from './protocol-world.js';

/** The clients of the desk at our own server, behind a proxy that hands certificates over. */
export class DeskWorld {
  readonly #clients = new Map<string, DeskClient>();
  readonly certificates = createCertificates('mine', 'other');

  private constructor(readonly world: AnswersWorld) {}

  static async start(): Promise<DeskWorld> {
    const world = await AnswersWorld.bare({
      CURFEW_TRUSTED_HOPS: '1',
      CURFEW_CLIENT_CERTIFICATE_HEADER: certificateHeader,
    });
    const made = new DeskWorld(world);
    for (const client of deskClients) {
      const { callback } = world.protocol;
      const { secret } = await world.clients.create(registrationOf(client, callback) as never, {
        id: client.id,
      });
      made.#clients.set(client.id, { ...client, secret: secret ?? '' });
    }
    return made;
  }

  stop(): Promise<void> {
    return this.world.stop();
  }

  client(id: string): DeskClient {
    return this.#clients.get(id)!;
  }

  /** A desk for one case. */
  desk(): OurDesk {
    return new OurDesk(this, new Side(this.world));
  }
}

/** Our own server, as one case asks it. */
export class OurDesk implements Desk {
  constructor(
    private readonly house: DeskWorld,
    readonly side: Side,
  ) {
    for (const [name, pem] of Object.entries(house.certificates))
      side.names.set(thumbprintOf(pem), `the certificate “${name}”`);
  }

  get issuer(): string {
    return this.side.world.protocol.issuer;
  }

  get callback(): string {
    return this.side.world.protocol.callback;
  }

  get seconds(): number {
    return Math.floor(this.side.world.clock.now() / 1000);
  }

  client(id: string): DeskClient {
    return this.house.client(id);
  }

  post(path: string, form: Form, headers?: Headers): Promise<Reply> {
    return this.side.post(path, form, headers);
  }

  async code({ id }: DeskClient, { resource, ...extra }: AuthorizationExtras = {}) {
    const { verifier, challenge } = pkce();
    const texts = { code_challenge: challenge, code_challenge_method: 'S256', ...extra } as Record<
      string,
      string
    >;
    const parameters = authorizationRequest({ id } as never, this.callback, texts);
    for (const one of [resource ?? []].flat()) parameters.append('resource', one);
    const page = await this.side.person.follow(`${this.issuer}/authorize?${parameters}`);
    const code = page.url.searchParams.get('code');
    if (!code) throw new Error(`the authorization ended at ${page.url} with ${page.status}: ${page.body}`);
    return { code, verifier };
  }

  async answer({ body }: Reply, allowed: boolean): Promise<void> {
    const { person } = this.side;
    if (allowed) {
      await person.follow(body.verification_uri_complete);
      return;
    }
    const asksFirst = (markup: string) => markup.includes('name="abort"');
    const page = await person.follow(body.verification_uri_complete, (one) => asksFirst(one.body));
    const form = formsOf(page.body).find(({ markup }) => asksFirst(markup))!;
    // A person presses the last button unless told otherwise.
    const markup = form.markup.replace(/<button name="confirm"[\s\S]*?<\/button>/, '');
    await person.submit(page, { ...form, markup });
  }

  /** The stored code, with an instant that has passed. */
  async expire(kind: 'AuthorizationCode' | 'DeviceCode', id: string): Promise<void> {
    const { database, server } = this.side.world.protocol;
    const keys = new ServiceKeys([server.environment['CURFEW_KEY_ENCRYPTION_SECRETS']!]);
    const seal = new PayloadSeal(new KeyRing(keys.derive('protocol artifact')));
    const hash = hashOfId(id);
    const where = 'FROM protocol_artifact WHERE kind = $1 AND id_hash = $2';
    const [row] = await database.query<{ payload: Buffer }>(`SELECT payload ${where}`, [kind, hash]);
    const payload = seal.open(row!.payload, hash)!;
    const sealed = seal.close({ ...payload, exp: this.seconds - 1 }, hash);
    await database.query('UPDATE protocol_artifact SET payload = $3 WHERE kind = $1 AND id_hash = $2', [
      kind,
      hash,
      sealed,
    ]);
  }

  certificate(name: CertificateName): string {
    return encodeURIComponent(this.house.certificates[name]);
  }

  /** The session of a refresh token. */
  sessionOf(refreshToken: string): string {
    return this.side.world.refreshTokens.decode(refreshToken)!.sessionId;
  }

  /** An access token as the server seals them. */
  seal(claims: Readonly<Record<string, unknown>>): string {
    return this.side.world.seal(claims);
  }
}
