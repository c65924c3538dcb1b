import { RegistrationError, Registry } from '@curfew/clients';
import { formatPolicy } from '@curfew/session-policy';
import { settingSources } from '@curfew/session-policy/settings';
import { placeOf, placeOutside } from '@curfew/session-policy/trial';
import { Controller } from '@nestjs/common';
import { z } from 'zod';
import { type Answer, ok } from '../contract/answer.js';
import { Input, type InputOf } from '../contract/input.js';
import { Operation, operation } from '../contract/operation.js';
import { clientId, uuid } from '../contract/wire.js';
import { targetOnWire } from './policy-view.js';
import { targetSchema } from './schemas.js';

const audience = z.string().min(1).max(512, { error: 'must be the audience of an API' });

const show = operation({
  id: 'getEffectivePolicy',
  method: 'get',
  path: '/v1/effective-policy',
  tag: 'policies',
  summary: 'Shows the policy that a session of a client is under, and which policy makes each value win.',
  description:
    'Setting by setting the strictest of the policies attached to everyone, the client and the APIs counts. Without an account, it is the policy of accounts that are in no canary.',
  scope: 'policies:read',
  query: z.strictObject({
    client: clientId,
    resource: z
      .union([audience.transform((one) => [one]), z.array(audience).max(20)])
      .default([])
      .meta({ description: 'Audience of an API of the session; may stand several times.' }),
    account: uuid.optional().meta({ description: 'An account, as whose session it is looked at.' }),
  }),
  answers: {
    200: {
      description: 'The effective policy, with its sources.',
      schema: z.object({
        settings: z.array(
          z.object({
            name: z.string(),
            value: z.unknown().meta({ description: 'As policies are written; durations with their unit.' }),
            from: z.array(z.string()).meta({
              description: 'Names of the policies whose value it is; empty where none says this by itself.',
            }),
            values: z
              .array(z.object({ policy: z.string(), value: z.unknown() }))
              .meta({ description: 'The value in each policy that matches.' }),
          }),
        ),
        policies: z.array(z.object({ name: z.string(), version: z.number().int(), target: targetSchema })),
      }),
    },
  },
  problems: { 404: ['unknown_client'] },
});

/** The policy a session is under, with where its values come from. */
@Controller()
export class EffectivePolicyController {
  constructor(private readonly registry: Registry) {}

  @Operation(show)
  async show(@Input() { query }: InputOf<typeof show>): Promise<Answer> {
    const { client, resource, account } = query;
    if (!(await this.registry.client(client))) throw new RegistrationError('unknown_client');
    const [effective, attached] = await Promise.all([
      this.registry.effectivePolicy(client, resource, account),
      this.registry.attachedPolicies(client, resource),
    ]);
    const matching = attached.map(({ name, revision: { policy } }) => ({ name, policy }));
    const place = account === undefined ? placeOutside : placeOf(account);
    const values: Readonly<Record<string, unknown>> = formatPolicy(effective);
    return ok({
      settings: settingSources(effective, matching, place).map(({ name, from }) => ({
        name,
        value: values[name],
        from,
        values: attached.map(({ name: policy, revision: { settings } }) => ({
          policy,
          value: (settings as Readonly<Record<string, unknown>>)[name],
        })),
      })),
      policies: attached.map(({ name, target, revision: { version } }) => ({
        name,
        version,
        target: targetOnWire(target),
      })),
    });
  }
}
