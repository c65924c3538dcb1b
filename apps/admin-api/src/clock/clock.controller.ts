import { type Instant, seconds } from '@curfew/session-policy';
import { Controller } from '@nestjs/common';
import { z } from 'zod';
import { actOf } from '../access/acts.js';
import { type Answer, ok } from '../contract/answer.js';
import { Input, type InputOf } from '../contract/input.js';
import { Operation, operation } from '../contract/operation.js';
import { timestamp, written } from '../contract/wire.js';
import { VirtualClock } from './virtual-clock.js';

/** The clock moves at most a year at a time. */
const maxAdvance = 365 * 86_400;
const lengthFault = `must be a whole number of seconds between 1 and ${maxAdvance}`;

const clockSchema = z.object({
  now: timestamp,
  movable: z
    .boolean()
    .meta({ description: 'Whether this installation lets its clock be moved; never in production.' }),
});

const show = operation({
  id: 'getClock',
  method: 'get',
  path: '/v1/clock',
  tag: 'service',
  summary: 'Shows the clock by which sessions end, and whether it can be moved.',
  scope: 'sessions:read',
  answers: { 200: { description: 'The clock.', schema: clockSchema } },
});

const advance = operation({
  id: 'advanceClock',
  method: 'post',
  path: '/v1/clock/advance',
  tag: 'service',
  summary: 'Moves the clock of the whole installation forward, to try out timeouts without waiting.',
  description:
    'For development and tests only: it needs CURFEW_VIRTUAL_CLOCK=true, which production refuses. Every session whose deadline is passed over is over. The clock may be a hundred years ahead in all, and it cannot be moved back.',
  scope: 'sessions:end',
  powerless: true,
  body: z.strictObject({
    seconds: z
      .int({ error: lengthFault })
      .min(1, { error: lengthFault })
      .max(maxAdvance, { error: lengthFault })
      .meta({ description: 'How far to move it.' }),
  }),
  idempotent: true,
  answers: { 200: { description: 'The clock after the move.', schema: clockSchema } },
  problems: { 409: ['clock_not_movable'] },
});

/** The clock of the installation. */
@Controller()
export class ClockController {
  constructor(private readonly clock: VirtualClock) {}

  @Operation(show)
  async show(@Input() { now }: InputOf<typeof show>): Promise<Answer> {
    return this.answer(now);
  }

  @Operation(advance)
  async advance(@Input() { body, ...asked }: InputOf<typeof advance>): Promise<Answer> {
    return this.answer(await this.clock.advance(seconds(body.seconds), actOf(asked, advance)));
  }

  private answer(now: Instant): Answer {
    return ok({ now: written(now), movable: this.clock.movable });
  }
}
