import { createHash, pbkdf2Sync } from 'node:crypto';
import bcrypt from 'bcryptjs';
import { readPasswordHash } from './hashing/index.js';
import { defaultHashing, PasswordHasher } from './password-hasher.js';
import { HashingOverloaded } from './work-queue.js';

const cheap = { memoryCost: 64, timeCost: 1 };

describe('password hashes', () => {
  it('are argon2id with the parameters OWASP asks for', async () => {
    const hash = await new PasswordHasher().hash('correct horse');
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  });

  it('tell the right password from every other, to the last byte', async () => {
    const hasher = new PasswordHasher(cheap);
    const long = `${'x'.repeat(1023)}y`;
    const hash = await hasher.hash(long);
    expect(await hasher.verify(hash, long)).toBe(true);
    expect(await hasher.verify(hash, `${'x'.repeat(1023)}z`)).toBe(false);
    expect(await hasher.verify(await hasher.hash('a\u0000b-and-more'), 'a\u0000c-and-more')).toBe(false);
    expect(await hasher.verify(await hasher.hash('e\u0301-combined'), '\u00e9-combined')).toBe(false);
  });

  it('are computed for nobody too, at the same cost', async () => {
    const hasher = new PasswordHasher({ memoryCost: 32_768, timeCost: 2 });
    const hash = await hasher.hash('correct horse');
    const timed = async (work: () => Promise<boolean>): Promise<number> => {
      const started = performance.now();
      expect(await work()).toBe(false);
      return performance.now() - started;
    };
    const [real, decoy]: [number[], number[]] = [[], []];
    for (let round = 0; round < 7; round += 1) {
      real.push(await timed(() => hasher.verify(hash, 'wrong')));
      decoy.push(await timed(() => hasher.verifyNothing('wrong')));
    }
    const median = (times: number[]) => times.sort((a, b) => a - b)[3] ?? 0;
    expect(median(decoy) / median(real)).toBeGreaterThan(0.5);
    expect(median(decoy) / median(real)).toBeLessThan(2);
    expect(hasher.computed).toBe(15);
  });

  it('are outdated when the parameters have changed', async () => {
    const hash = await new PasswordHasher(cheap).hash('correct horse');
    expect(new PasswordHasher(cheap).isOutdated(hash)).toBe(false);
    expect(new PasswordHasher({ ...cheap, timeCost: 2 }).isOutdated(hash)).toBe(true);
    expect(new PasswordHasher(cheap).isOutdated('$2b$10$abcdefghijklmnopqrstuv')).toBe(true);
  });

  it('are refused when too many wait', async () => {
    const hasher = new PasswordHasher({ ...cheap, concurrency: 1, queue: 3 });
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => hasher.hash('correct horse')));
    const refused = results.filter((one) => one.status === 'rejected');
    expect(refused).toHaveLength(16);
    for (const one of refused) expect(one.reason).toBeInstanceOf(HashingOverloaded);
  });

  it('never take more than half of the thread pool they share with signatures', () => {
    expect(defaultHashing(4).concurrency).toBeLessThanOrEqual(2);
    expect(defaultHashing(1).concurrency).toBe(1);
  });

  it('leave the event loop free while they are computed', async () => {
    const hasher = new PasswordHasher();
    let ticks = 0;
    const timer = setInterval(() => {
      ticks += 1;
    }, 2);
    await Promise.all(Array.from({ length: 6 }, () => hasher.hash('correct horse')));
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(3);
  });
});

/** Keycloak's export of a credential: JSON with JSON in it. */
const keycloak = (secret: object, data: object) => ({
  type: 'password',
  secretData: JSON.stringify(secret),
  credentialData: JSON.stringify(data),
});
const base64 = (text: string, encoding: BufferEncoding = 'utf8') =>
  Buffer.from(text, encoding).toString('base64');
const salt = 'sixteen bytes of';
const derived = (digest: string, iterations: number, length: number) =>
  pbkdf2Sync('correct horse', salt, iterations, length, digest).toString('base64');
const argon2Hash = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
const [, , , , argon2Salt, argon2Key] = argon2Hash.split('$');
const keycloakArgon2 = (parameters: object) =>
  keycloak(
    { value: `${argon2Key}=`, salt: `${argon2Salt}=` },
    { hashIterations: 2, algorithm: 'argon2', additionalParameters: parameters },
  );

describe('hashes of other systems', () => {
  it.each<readonly [string, string, unknown]>([
    // Published: the tests of the reference implementation of argon2.
    ['argon2id', 'password', argon2Hash],
    [
      'argon2i',
      'password',
      '$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA',
    ],
    [
      'argon2i before version 1.3',
      'password',
      '$argon2i$m=65536,t=2,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ',
    ],
    // Published: the tests of OpenBSD's bcrypt; 2b and 2y compute alike.
    ['bcrypt 2a', 'a', '$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe'],
    ['bcrypt 2b', 'abc', '$2b$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i'],
    ['bcrypt 2y', 'abc', '$2y$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i'],
    // Published: RFC 7914 §12 and RFC 6070 §2.
    [
      'scrypt in members',
      'password',
      {
        ...{ algorithm: 'scrypt', n: 1024, r: 8, p: 16, salt: base64('NaCl') },
        hash: base64(
          'fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640',
          'hex',
        ),
      },
    ],
    [
      'PBKDF2 in members',
      'password',
      {
        ...{ algorithm: 'pbkdf2-sha1', iterations: 4096, salt: base64('salt') },
        hash: base64('4b007901b765489abead49d926f721d065a429c1', 'hex'),
      },
    ],
    // Published: the documentation of Passlib.
    [
      'scrypt',
      'password',
      '$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E',
    ],
    [
      'PBKDF2 of Passlib',
      'password',
      '$pbkdf2-sha256$6400$.6UI/S.nXIk8jcbdHx3Fhg$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44',
    ],
    // Published: the tests of Django.
    [
      'PBKDF2 of Django',
      'l\u00e8tmein',
      'pbkdf2_sha256$600000$seasalt$OAXyhAQ/4ZDA9V5RMExt3C1OwQdUpLZ99vm1McFlLRA=',
    ],
    [
      'scrypt of Django',
      'l\u00e8tmein',
      'scrypt$16384$seasalt$8$5$ECMIUp+LMxMSK8xB/IVyba+KYGTI7FTnet025q/1f/vBAVnnP3hdYqJuRi+mJn6ji6ze3Fbb7JEFPKGpuEf5vw==',
    ],
    ['argon2 of Django', 'password', `argon2${argon2Hash}`],
    ['bcrypt of Django', 'abc', 'bcrypt$$2b$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i'],
    [
      'bcrypt_sha256 of Django',
      'abc',
      `bcrypt_sha256$${bcrypt.hashSync(createHash('sha256').update('abc').digest('hex'), 4)}`,
    ],
    // Published: the tests of ASP.NET Core Identity.
    [
      'ASP.NET Identity version 2',
      'my password',
      'AAABAgMEBQYHCAkKCwwNDg+ukCEMDf0yyQ29NYubggHIVY0sdEUfdyeM+E1LtH1uJg==',
    ],
    [
      'ASP.NET Identity version 3, SHA-1',
      'my password',
      'AQAAAAAAAAD6AAAAEAhftMyfTJylOlZT+eEotFXd1elee8ih5WsjXaR3PA9M',
    ],
    [
      'ASP.NET Identity version 3, SHA-256',
      'my password',
      'AQAAAAEAA9CQAAAAIESkQuj2Du8Y+kbc5lcN/W/3NiAZFEm11P27nrSN5/tId+bR1SwV8CO1Jd72r4C08OLvplNlCDc3oQZ8efcW+jQ=',
    ],
    [
      'ASP.NET Identity version 3, SHA-512',
      'my password',
      'AQAAAAIAAYagAAAAEAABAgMEBQYHCAkKCwwNDg/Q8A0WMKbtHQJQ2DHCdoEeeFBrgNlldq6vH4qX/CGqGQ==',
    ],
    // Computed here.
    [
      'PBKDF2 in PHC form',
      'correct horse',
      `$pbkdf2-sha512$i=1000,l=64$${base64(salt)}$${derived('sha512', 1000, 64)}`,
    ],
    [
      'Keycloak, SHA-512',
      'correct horse',
      keycloak(
        { value: derived('sha512', 2100, 64), salt: base64(salt) },
        { hashIterations: 2100, algorithm: 'pbkdf2-sha512' },
      ),
    ],
    [
      'Keycloak, SHA-1, as text',
      'correct horse',
      JSON.stringify(
        keycloak(
          { value: derived('sha1', 200, 64), salt: base64(salt) },
          { hashIterations: 200, algorithm: 'pbkdf2' },
        ),
      ),
    ],
    [
      'Keycloak, argon2',
      'password',
      keycloakArgon2({ memory: ['65536'], type: ['id'], version: ['1.3'], parallelism: ['1'] }),
    ],
  ])('are verified and outdated: %s', async (_, password, written) => {
    const hasher = new PasswordHasher(cheap);
    const hash = readPasswordHash(written) as string;
    expect(typeof hash).toBe('string');
    expect(await hasher.verify(hash, password)).toBe(true);
    expect(await hasher.verify(hash, `${password}.`)).toBe(false);
    expect(hasher.isOutdated(hash)).toBe(true);
    // The stored form can be read again, so that what is stored here can move on.
    expect(readPasswordHash(hash)).toBe(hash);
  });

  const key = derived('sha256', 1, 32);
  const costs = 'costs more than is verified here';
  it.each<readonly [string, unknown, string]>([
    ['bcrypt of cost 31', '$2b$31$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i', costs],
    ['bcrypt of cost 15', '$2b$15$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i', costs],
    ['bcrypt that is cut', '$2b$10$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8', 'must be a hash of'],
    ['bcrypt 2x', '$2x$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i', 'must be a hash of'],
    ['argon2 of 4 GiB', argon2Hash.replace('65536', '4194304'), costs],
    ['argon2 of very many passes', argon2Hash.replace('t=2', 't=4294967295'), costs],
    ['argon2 of many lanes', argon2Hash.replace('p=1', 'p=255'), costs],
    ['argon2 of no pass', argon2Hash.replace('t=2', 't=0'), 'must have t and p'],
    ['argon2 with a key beside it', argon2Hash.replace('p=1', 'p=1,keyid=a'), 'must be a hash of'],
    [
      'argon2 with a short hash',
      `$argon2id$v=19$m=64,t=1,p=1$${argon2Salt}$AAAA`,
      'must have a hash of 16 to 64',
    ],
    ['scrypt of 4 GiB', `$scrypt$ln=22,r=8,p=1$c2FsdA$${key}`, costs],
    ['scrypt that is not finite', `$scrypt$ln=99,r=999999999,p=1$c2FsdA$${key}`, costs],
    ['scrypt of many blocks', `$scrypt$ln=14,r=8,p=999$c2FsdA$${key}`, costs],
    ['scrypt without a power of two', `scrypt$16383$salt$8$1$${key}`, 'must have a power of two'],
    [
      'scrypt whose N is too great for its r',
      `$scrypt$ln=16,r=1,p=1$c2FsdA$${key}`,
      'must have an N of less',
    ],
    ['PBKDF2 of very many iterations', `pbkdf2_sha256$999999999$salt$${key}`, costs],
    ['PBKDF2 of no iteration', `$pbkdf2-sha256$i=0$c2FsdA$${key}`, 'must have at least 1 iteration'],
    ['PBKDF2 of part of an iteration', `pbkdf2_sha256$1.5$salt$${key}`, 'must have at least 1 iteration'],
    [
      'PBKDF2 with MD5',
      keycloak({ value: key, salt: 'c2FsdA==' }, { hashIterations: 1, algorithm: 'pbkdf2-md5' }),
      'must be PBKDF2 with',
    ],
    ['a version of ASP.NET Identity to come', base64(`\u0002${salt}${salt}${salt}`), 'must be a hash of'],
    [
      'ASP.NET Identity with a salt beyond its end',
      base64('0100000001000027107fffffff00', 'hex'),
      'must be a hash of',
    ],
    ['MD5', '5f4dcc3b5aa765d61d8327deb882cf99', 'must be a hash of'],
    ['a plain password', 'correct horse', 'must be a hash of'],
    ['a number', 7, 'must be a hash of'],
    ['a list', [argon2Hash], 'must be a hash of'],
    ['no members', '{}', 'must be a hash of'],
    ['JSON that is cut', '{"secretData":', 'must be a hash of'],
  ])('are refused: %s', (_, written, detail) => {
    expect(readPasswordHash(written)).toMatchObject({ detail: expect.stringContaining(detail) });
  });
});
