import type { Instant } from '@curfew/session-policy';
import { KeyStore } from '@curfew/tokens';
import { Controller } from '@nestjs/common';
import { z } from 'zod';
import { adminActed } from '../access/acts.js';
import { type Answer, ok } from '../contract/answer.js';
import { Input, type InputOf } from '../contract/input.js';
import { Operation, operation } from '../contract/operation.js';
import { notFound } from '../contract/problems.js';
import { timestamp } from '../contract/wire.js';
import { type KeyRow, type KeyState, KeysStore, keyStates } from './keys.store.js';

const algorithms = ['ES256', 'EdDSA', 'RS256'] as const;

const key = z.object({
  kid: z.string(),
  alg: z.string(),
  state: z.enum(keyStates),
  created_at: timestamp,
  activates_at: timestamp,
  retires_at: timestamp.nullable(),
  removed_at: timestamp.nullable(),
  public_jwk: z.record(z.string(), z.unknown()),
});
const keyList = z.object({ items: z.array(key) });

const list = operation({
  id: 'listKeys',
  method: 'get',
  path: '/v1/keys',
  tag: 'keys',
  summary: 'Lists the signing keys: which sign, which follow, which are kept for what they signed.',
  scope: 'keys:rotate',
  answers: { 200: { description: 'The keys.', schema: keyList } },
});

const rotate = operation({
  id: 'rotateKeys',
  method: 'post',
  path: '/v1/keys/rotate',
  tag: 'keys',
  summary: 'Has keys followed by new ones: published at once, signing after the publish-ahead time.',
  description: 'If a successor exists already, it is kept.',
  scope: 'keys:rotate',
  powerless: true,
  body: z.strictObject({
    alg: z
      .enum(algorithms, { error: `must be one of ${algorithms.join(', ')}` })
      .optional()
      .meta({ description: 'All algorithms unless given.' }),
  }),
  bodyOptional: true,
  idempotent: true,
  answers: { 200: { description: 'The keys.', schema: keyList } },
});

const withdraw = operation({
  id: 'withdrawKey',
  method: 'delete',
  path: '/v1/keys/{kid}',
  tag: 'keys',
  summary: 'Removes a compromised key from the set at once; tokens it signed are no longer accepted.',
  scope: 'keys:rotate',
  powerless: true,
  params: z.object({ kid: z.string().regex(/^[A-Za-z0-9_-]{1,128}$/, { error: 'must be the id of a key' }) }),
  answers: { 200: { description: 'The keys that remain.', schema: keyList } },
  problems: { 404: ['unknown_key'] },
});

/** Signing keys. */
@Controller()
export class KeysController {
  constructor(
    private readonly rows: KeysStore,
    private readonly keyStore: KeyStore,
  ) {}

  @Operation(list)
  async list(@Input() { now }: InputOf<typeof list>): Promise<Answer> {
    return this.answer(now);
  }

  @Operation(rotate)
  async rotate(@Input() { body, caller, now }: InputOf<typeof rotate>): Promise<Answer> {
    const acted = adminActed(caller, rotate.id, body.alg ?? 'all', now);
    await this.keyStore.rotate(now, body.alg, caller.actor, [acted]);
    return this.answer(now);
  }

  @Operation(withdraw)
  async withdraw(@Input() { params, caller, now }: InputOf<typeof withdraw>): Promise<Answer> {
    const known = (await this.rows.all()).some(({ kid }) => kid === params.kid);
    if (!known) throw notFound('unknown_key', 'There is no such key.');
    await this.keyStore.withdraw(params.kid, now, caller.actor, [
      adminActed(caller, withdraw.id, params.kid, now),
    ]);
    return this.answer(now);
  }

  private async answer(now: Instant): Promise<Answer> {
    return ok({ items: (await this.rows.states(this.keyStore.unreadable, now)).map(onWire) });
  }
}

const onWire = (row: KeyRow & { readonly state: KeyState }) => ({
  kid: row.kid,
  alg: row.alg,
  state: row.state,
  created_at: row.created_at.toISOString(),
  activates_at: row.activates_at.toISOString(),
  retires_at: row.retires_at?.toISOString() ?? null,
  removed_at: row.removed_at?.toISOString() ?? null,
  public_jwk: row.public_jwk,
});
