import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Client, ClientMetadata } from '../client.js';
import { maxLogoBytes, rewrittenPng } from './png.js';

/** A logo and the name under which it is served: another picture has another name. */
export interface Logo {
  readonly png: Buffer;
  readonly name: string;
}

const maxBase64 = Math.ceil(maxLogoBytes / 3) * 4;

/** A logo as a registration has it: a PNG in base64 (RFC 4648 §4), kept as we write it anew. */
export const logoSchema = z.string({ error: 'must be a text' }).transform((text, context) => {
  const sent = Buffer.from(text.length <= maxBase64 ? text : '', 'base64');
  const fault = `must be a PNG of at most ${maxLogoBytes} bytes in base64`;
  const written = text !== '' && sent.toString('base64') === text ? rewrittenPng(sent) : fault;
  if (typeof written !== 'string') return written.toString('base64');
  context.addIssue({ code: 'custom', message: written });
  return z.NEVER;
});

/** The form in which a logo is kept, or undefined where it would be refused. */
export const keptLogo = (text: string): string | undefined => logoSchema.safeParse(text).data;

const known = new WeakMap<ClientMetadata, Logo>();

/** The logo of a client, if it has one. */
export function logoOf({ id, metadata }: Pick<Client, 'id' | 'metadata'>): Logo | undefined {
  if (metadata.logo_png === undefined) return undefined;
  const before = known.get(metadata);
  if (before) return before;
  const logo = named(Buffer.from(metadata.logo_png, 'base64'), `logo-${id}`);
  known.set(metadata, logo);
  return logo;
}

/**
 * A logo of the installation from the bytes of a file, written anew as one of a client is. Its name has no id, so it is no name of a
 * client's logo.
 *
 * @returns the logo, or the sentence that says what is wrong with the bytes
 */
export function installationLogo(sent: Buffer): Logo | string {
  const written = rewrittenPng(sent);
  return typeof written === 'string' ? written : named(written, 'logo');
}

function named(png: Buffer, prefix: string): Logo {
  const digest = createHash('sha256').update(png).digest('hex').slice(0, 16);
  return { png, name: `${prefix}-${digest}.png` };
}

/** The id of the client whose logo may have this name. */
export const clientOfLogo = (name: string): string | undefined =>
  /^logo-([A-Za-z0-9._~-]{1,64})-[0-9a-f]{16}\.png$/.exec(name)?.[1];
