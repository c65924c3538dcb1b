import {
  createCipheriv,
  createDecipheriv,
  createHash,
  generateKeyPairSync,
  randomBytes,
  sign,
} from 'node:crypto';
import { createServer } from 'node:http';
import pg from 'pg';

/*
 * The floor: the least a process can do that answers these requests durably. Bare node:http, plain `pg` with prepared
 * statements, one conditional UPDATE per refresh, one SELECT per introspection, none for client credentials, an ES256
 * signature only where an ID token is asked for. No framework, no protocol checks, no policy, no theft detection.
 */
const { databaseUrl, port, client } = JSON.parse(process.env['BENCH_FLOOR'] ?? '{}');
const pool = new pg.Pool({ connectionString: databaseUrl, max: 16 });
const key = randomBytes(32);
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const sha256 = (value) => createHash('sha256').update(value).digest();
const secretHash = sha256(client.secret);
const lifetime = 600;

const rotate = {
  name: 'rotate',
  text: `UPDATE floor_session SET generation = generation + 1, token_hash = $3, successor_seal = $4, rotated_at = $5, expires_at = $6
         WHERE id = $1 AND token_hash = $2 AND ended_at IS NULL AND expires_at > $5 RETURNING account_id, generation, claims`,
};
const read = {
  name: 'read',
  text: 'SELECT account_id, claims FROM floor_session WHERE id = $1 AND ended_at IS NULL AND expires_at > $2',
};

function seal(claims) {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const sealed = cipher.update(JSON.stringify(claims));
  return Buffer.concat([nonce, sealed, cipher.final(), cipher.getAuthTag()]).toString('base64url');
}

function open(token) {
  const bytes = Buffer.from(token, 'base64url');
  if (bytes.length < 29) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12));
  decipher.setAuthTag(bytes.subarray(-16));
  try {
    return JSON.parse(decipher.update(bytes.subarray(12, -16), undefined, 'utf8') + decipher.final('utf8'));
  } catch {
    return undefined;
  }
}

function idToken(subject, now) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const content = `${part({ alg: 'ES256', kid: 'floor' })}.${part({ sub: subject, iss: 'floor', aud: client.id, iat: now, exp: now + lifetime })}`;
  const signature = sign('sha256', Buffer.from(content), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${content}.${signature.toString('base64url')}`;
}

const accessToken = (claims) => ({ access_token: seal(claims), token_type: 'Bearer', expires_in: lifetime });

async function refresh(form) {
  const [id, secret] = (form.get('refresh_token') ?? '').split('.');
  const successor = randomBytes(32);
  const now = Date.now();
  const parameters = [
    id,
    sha256(Buffer.from(secret, 'base64url')),
    sha256(successor),
    randomBytes(60),
    new Date(now),
    new Date(now + 1_800_000),
  ];
  const { rows } = await pool.query({ ...rotate, values: parameters });
  if (rows.length === 0) return [400, { error: 'invalid_grant' }];
  const answer = {
    ...accessToken({ sid: id, exp: now + lifetime * 1000 }),
    refresh_token: `${id}.${successor.toString('base64url')}`,
    ...(form.get('scope')?.includes('openid')
      ? { id_token: idToken(rows[0].account_id, Math.floor(now / 1000)) }
      : {}),
  };
  return [200, answer];
}

async function introspect(form) {
  const claims = open(form.get('token') ?? '');
  const now = Date.now();
  if (!claims || claims.exp <= now) return [200, { active: false }];
  const { rows } = await pool.query({ ...read, values: [claims.sid, new Date(now)] });
  return [
    200,
    rows.length === 0
      ? { active: false }
      : { active: true, sub: rows[0].account_id, exp: claims.exp, ...rows[0].claims },
  ];
}

// The least that a decision out of memory is: the token's hash, looked up. What is not known yet is opened once.
const decided = new Map();

function decide(token) {
  const hash = createHash('sha256').update(token).digest('base64');
  const known = decided.get(hash) ?? open(token);
  if (known) decided.set(hash, known);
  return known && known.exp > Date.now();
}

async function answerTo(request, body) {
  if (request.url === '/ready') return [200, {}];
  if (request.url === '/gateway')
    return [decide(request.headers.authorization?.slice(7) ?? '') ? 200 : 401, {}];
  const [, secret = ''] = Buffer.from(request.headers.authorization?.slice(6) ?? '', 'base64')
    .toString()
    .split(':');
  if (!sha256(secret).equals(secretHash)) return [401, { error: 'invalid_client' }];
  const form = new URLSearchParams(body);
  if (request.url === '/introspection') return introspect(form);
  if (form.get('grant_type') === 'refresh_token') return refresh(form);
  return [200, accessToken({ client: client.id, exp: Date.now() + lifetime * 1000 })];
}

const server = createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => {
    body += chunk;
  });
  request.on('end', async () => {
    const [status, answer] = await answerTo(request, body).catch(() => [
      503,
      { error: 'temporarily_unavailable' },
    ]);
    const text = JSON.stringify(answer);
    response.writeHead(status, {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'content-length': Buffer.byteLength(text),
    });
    response.end(text);
  });
});
server.listen(port, '127.0.0.1', () => process.stdout.write('ready\n'));
process.on('SIGTERM', () => process.exit());
