import { Controller } from '@nestjs/common';
import { z } from 'zod';
import { type Answer, ok } from '../contract/answer.js';
import { Input, type InputOf } from '../contract/input.js';
import { Operation, operation } from '../contract/operation.js';
import { timestamp, written } from '../contract/wire.js';
import { Doctor } from './doctor.js';

const examine = operation({
  id: 'examineInstallation',
  method: 'get',
  path: '/v1/doctor',
  tag: 'service',
  summary: 'Checks the installation, and says what to do.',
  description:
    'Database, migrations, clocks, failover, poolers, signing keys, mail, identity providers, receivers, transmitters, certificate, and whether the processes can be reached, as seen by this process of the admin API. A run takes at most ten seconds and is shared by everybody who asks within three seconds of it. `curfew doctor` looks at the machine that it runs on, too.',
  scope: 'events:read',
  answers: {
    200: {
      description: 'The findings.',
      schema: z.object({
        examined_at: timestamp,
        items: z.array(
          z.object({
            name: z.string().meta({ description: 'The subject of the check.' }),
            state: z.enum(['ok', 'note', 'wrong']).meta({
              description: 'In order, worth knowing, or wrong.',
            }),
            detail: z.string(),
            advice: z.string().nullable().meta({ description: 'The step that mends it.' }),
          }),
        ),
      }),
    },
  },
});

/** The health of the whole installation, for operators. */
@Controller()
export class DoctorController {
  constructor(private readonly doctor: Doctor) {}

  @Operation(examine)
  async examine(@Input() { now }: InputOf<typeof examine>): Promise<Answer> {
    const { at, findings } = await this.doctor.examine(now);
    return ok({
      examined_at: written(at),
      items: findings.map(({ what, state, detail, advice = null }) => ({
        name: what,
        state,
        detail,
        advice,
      })),
    });
  }
}
