import { adminScopeNames } from '@curfew/config/admin-scopes';
import { Controller } from '@nestjs/common';
import { z } from 'zod';
import { Usernames } from '../accounts/usernames.store.js';
import { type Answer, ok } from '../contract/answer.js';
import { Input, type InputOf } from '../contract/input.js';
import { Operation, operation } from '../contract/operation.js';
import { timestamp, uuid, written } from '../contract/wire.js';

const scopes = z.array(z.enum(adminScopeNames));

const show = operation({
  id: 'getCaller',
  method: 'get',
  path: '/v1/caller',
  tag: 'service',
  summary: 'Says who asks, and what they may do here.',
  description:
    'Every valid token for this API is enough. A person has no more than the scopes that they were made an operator for, whatever they let the client ask for.',
  scope: null,
  anyCaller: true,
  answers: {
    200: {
      description: 'The caller.',
      schema: z.object({
        kind: z.enum(['person', 'client']),
        client_id: z.string(),
        account_id: uuid.nullable(),
        username: z.string().nullable(),
        session_id: uuid
          .nullable()
          .meta({ description: 'The session of the token; null for a client of its own.' }),
        scopes: scopes.meta({ description: 'The scopes that this caller has now.' }),
        now: timestamp.meta({ description: 'The time by which sessions end.' }),
      }),
    },
  },
});

/** Tells callers who they are here. */
@Controller()
export class CallerController {
  constructor(private readonly usernames: Usernames) {}

  @Operation(show)
  async show(@Input() { caller, now }: InputOf<typeof show>): Promise<Answer> {
    const { kind, clientId, accountId, sessionId } = caller;
    const names = accountId === null ? new Map<string, string>() : await this.usernames.of([accountId]);
    return ok({
      kind,
      client_id: clientId,
      account_id: accountId,
      username: (accountId !== null && names.get(accountId)) || null,
      session_id: sessionId,
      scopes: [...caller.scopes],
      now: written(now),
    });
  }
}
