import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import { sendForm } from './authenticator.js';
import type { Page, Person } from './person.js';

/** The options of a ceremony, as far as an authenticator needs them. */
export interface CeremonyOptions {
  readonly challenge: string;
  readonly rpId?: string;
  readonly rp?: { readonly id: string };
  readonly user?: { readonly id: string };
}

/** Parts of an answer that are made other than a well-behaved browser and authenticator make them. */
export interface Forgery {
  readonly origin?: string;
  readonly rpId?: string;
  readonly type?: string;
  readonly challenge?: string;
  readonly userHandle?: string | null;
  readonly id?: string;
  /** Flags of the authenticator data: UP 1, UV 4, BE 8, BS 16. */
  readonly flags?: number;
  readonly counter?: number;
  readonly client?: Record<string, unknown>;
  readonly signature?: string;
  readonly attestation?: Buffer;
}

const sha256 = (data: string | Buffer): Buffer => createHash('sha256').update(data).digest();

/** The head of an item in CBOR (RFC 8949 §3). */
function head(major: number, value: number): Buffer {
  if (value < 24) return Buffer.from([(major << 5) | value]);
  if (value < 256) return Buffer.from([(major << 5) | 24, value]);
  return Buffer.from([(major << 5) | 25, value >> 8, value & 255]);
}
const cborText = (text: string): Buffer => Buffer.concat([head(3, text.length), Buffer.from(text)]);
const cborBytes = (bytes: Buffer): Buffer => Buffer.concat([head(2, bytes.length), bytes]);
const cborInteger = (value: number): Buffer => (value < 0 ? head(1, -1 - value) : head(0, value));
const cborMap = (entries: readonly (readonly [Buffer, Buffer])[]): Buffer =>
  Buffer.concat([head(5, entries.length), ...entries.flat()]);

/** A platform authenticator in memory that makes one passkey with ES256 and shows it. */
export class SoftwarePasskey {
  readonly id = randomBytes(32);
  readonly #key: KeyObject;
  readonly #cose: Buffer;
  #userHandle: string | undefined;
  /** Counted up with each use; null where the authenticator counts nothing, as synchronised ones do. */
  counter: number | null = null;

  constructor(
    readonly origin: string,
    key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  ) {
    this.#key = key;
    const { x, y } = createPublicKey(key).export({ format: 'jwk' });
    this.#cose = cborMap([
      [cborInteger(1), cborInteger(2)],
      [cborInteger(3), cborInteger(-7)],
      [cborInteger(-1), cborInteger(1)],
      [cborInteger(-2), cborBytes(Buffer.from(x!, 'base64url'))],
      [cborInteger(-3), cborBytes(Buffer.from(y!, 'base64url'))],
    ]);
  }

  /** The answer to a ceremony that makes a passkey, as a form carries it. */
  make(options: CeremonyOptions, forgery: Forgery = {}): string {
    this.#userHandle = options.user?.id;
    const data = Buffer.concat([
      this.#authenticatorData(
        forgery.rpId ?? options.rp?.id ?? '',
        (forgery.flags ?? 0b1_1101) | 0b100_0000,
        0,
      ),
      Buffer.alloc(16),
      Buffer.from([0, this.id.length]),
      this.id,
      this.#cose,
    ]);
    const attestation = cborMap([
      [cborText('fmt'), cborText('none')],
      [cborText('attStmt'), cborMap([])],
      [cborText('authData'), cborBytes(data)],
    ]);
    return this.#answer(forgery, {
      clientDataJSON: this.#client('webauthn.create', options, forgery),
      attestationObject: (forgery.attestation ?? attestation).toString('base64url'),
    });
  }

  /** The answer to a ceremony that asks for a passkey, as a form carries it. */
  show(options: CeremonyOptions, forgery: Forgery = {}): string {
    if (this.counter !== null) this.counter += 1;
    const counter = forgery.counter ?? this.counter ?? 0;
    const data = this.#authenticatorData(
      forgery.rpId ?? options.rpId ?? '',
      forgery.flags ?? 0b1_1101,
      counter,
    );
    const clientDataJSON = this.#client('webauthn.get', options, forgery);
    const signed = Buffer.concat([data, sha256(Buffer.from(clientDataJSON, 'base64url'))]);
    const userHandle = forgery.userHandle === undefined ? this.#userHandle : forgery.userHandle;
    return this.#answer(forgery, {
      clientDataJSON,
      authenticatorData: data.toString('base64url'),
      signature: forgery.signature ?? sign('sha256', signed, this.#key).toString('base64url'),
      ...(userHandle === null ? {} : { userHandle }),
    });
  }

  #authenticatorData(rpId: string, flags: number, counter: number): Buffer {
    const rest = Buffer.alloc(5);
    rest.writeUInt8(flags);
    rest.writeUInt32BE(counter, 1);
    return Buffer.concat([sha256(rpId), rest]);
  }

  #client(type: string, { challenge }: CeremonyOptions, forgery: Forgery): string {
    const client = {
      type: forgery.type ?? type,
      challenge: forgery.challenge ?? challenge,
      origin: forgery.origin ?? this.origin,
      crossOrigin: false,
      ...forgery.client,
    };
    return Buffer.from(JSON.stringify(client)).toString('base64url');
  }

  #answer(forgery: Forgery, response: Record<string, unknown>): string {
    const id = forgery.id ?? this.id.toString('base64url');
    const common = { type: 'public-key', authenticatorAttachment: 'platform', clientExtensionResults: {} };
    return JSON.stringify({ id, rawId: id, ...common, response });
  }
}

/** Adds a passkey at the account page of a person who is signed in, proved by the fields of `proof`. */
export async function addPasskey(
  person: Person,
  issuer: string,
  proof: Readonly<Record<string, string>>,
): Promise<{ readonly key: SoftwarePasskey; readonly done: Page }> {
  const locked = await person.open(`${issuer}/second-step`);
  const page = await sendForm(person, locked, { act: 'prove', ...proof });
  const key = new SoftwarePasskey(new URL(issuer).origin);
  const credential = key.make(offeredIn(page.body));
  return { key, done: await sendForm(person, page, { act: 'add_passkey', name: 'Laptop', credential }) };
}

/** Shows a passkey to the page in front of the person. */
export const showPasskey = (
  person: Person,
  page: Page,
  key: SoftwarePasskey,
  forgery?: Forgery,
): Promise<Page> => sendForm(person, page, { credential: key.show(offeredIn(page.body), forgery) });

/** The options of the ceremony that a page offers. */
export function offeredIn(markup: string): CeremonyOptions {
  const text = /data-passkey="([^"]+)"/.exec(markup)?.[1];
  if (text === undefined) throw new Error(`the page offers no passkey: ${markup}`);
  return JSON.parse(text.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&'));
}
