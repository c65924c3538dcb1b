import { createHash } from 'node:crypto';
import {
  bondOf,
  bonds,
  by,
  certificateHeader,
  type Desk,
  type DeskCase,
  keys,
  proof,
  revoke,
  signIn,
  ways,
} from './answers-desk.js';
import type { Headers } from './answers-http.js';

const ath = (token: string): string => createHash('sha256').update(token).digest('base64url');
const proves = (desk: Desk, token: string, key = keys.proof) =>
  proof(desk, '/userinfo', { claims: { ath: ath(token) } }, key);

/** A token without an API is shown at the userinfo endpoint, with these headers beside it. */
const shows = (desk: Desk, scheme: string, token: string, headers: Headers = {}) =>
  desk.post('/userinfo', '', { authorization: `${scheme} ${token}`, ...headers });

const userinfoToken = async (desk: Desk, id: string): Promise<string> =>
  (await signIn(desk, desk.client(id), { scope: 'openid email', resource: undefined })).body.access_token;

/** Tokens of every client with every bond, shown well, and shown badly first (RFC 9449 §7.1, RFC 8705 §3). */
export const userinfos: readonly DeskCase[] = ways.flatMap((way) =>
  bonds.map((bond) => ({
    name: `userinfo of ${way}-${bond}, by a token that is shown badly, then well, then no more`,
    run: async (desk) => {
      const client = desk.client(`${way}-${bond}`);
      const token = await userinfoToken(desk, client.id);
      const scheme = bond === 'key' ? 'DPoP' : 'Bearer';
      const badly: Readonly<Record<string, readonly Headers[]>> = {
        bearer: [],
        key: [{}, { dpop: 'x.y.z' }, proves(desk, token, keys.other), proof(desk, '/userinfo')],
        certificate: [{}, { [certificateHeader]: 'MIIB' }, by(desk, 'other')],
      };
      for (const headers of badly[bond]!) await shows(desk, scheme, token, headers);
      if (bond === 'key') await shows(desk, 'Bearer', token);
      const right = () => (bond === 'key' ? proves(desk, token) : bondOf(desk, client, '/userinfo'));
      await shows(desk, scheme, token, right());
      await revoke(desk, client, token);
      await shows(desk, scheme, token, right());
    },
  })),
);
