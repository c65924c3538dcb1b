import { createHash } from 'node:crypto';
import { FullAdministrators, type PolicyTarget } from '@curfew/clients';
import type { AdminScope } from '@curfew/config/admin-scopes';
import { PrismaService, type Transaction } from '@curfew/persistence';
import { ProblemError, type ProblemFault } from '@curfew/web';
import { Controller } from '@nestjs/common';
import { type Act, actOf } from '../access/acts.js';
import { type Answer, ok } from '../contract/answer.js';
import { faultAt, Input, type InputOf } from '../contract/input.js';
import { Operation } from '../contract/operation.js';
import { memberFaults, problemOf } from '../contract/problems.js';
import { withinSavepoint } from './apply.store.js';
import * as contracts from './apply-contracts.js';
import { type DoneEntry, Entries } from './entries.js';

/** An entry of a description: its place, the scope it needs, and the function that applies it. */
interface Entry {
  readonly path: readonly string[];
  readonly sent: unknown;
  readonly scope: AdminScope;
  readonly make: (act: Act, tx: Transaction) => Promise<DoneEntry>;
}

interface Outcome {
  readonly done: readonly DoneEntry[];
  readonly problems: readonly { readonly problem: ProblemError; readonly faults: readonly ProblemFault[] }[];
}

/** A whole transaction may take this long. Milliseconds. */
const patienceMs = 60_000;

/** The error a dry run throws, so that its transaction is rolled back. */
class RolledBack extends Error {
  constructor(readonly answer: Answer) {
    super('rolled back');
  }
}

/** Descriptions of what there should be, made true as a whole. */
@Controller()
export class ApplyController {
  constructor(
    private readonly prisma: PrismaService,
    private readonly entries: Entries,
    private readonly administrators: FullAdministrators,
  ) {}

  @Operation(contracts.apply)
  async apply(@Input() { body, ...asked }: InputOf<typeof contracts.apply>): Promise<Answer> {
    const act = actOf(asked, contracts.apply);
    const work = async (tx: Transaction): Promise<Answer> => {
      await this.administrators.hold(tx);
      const { done, problems } = await this.makeAll(this.entriesOf(body.description), act, tx);
      if (problems.length > 0) throw together(problems);
      const answer = answerOf(done, !body.dry_run, body.expected_plan);
      if (body.dry_run) throw new RolledBack(answer);
      return answer;
    };
    try {
      return await this.prisma.$transaction(work, { timeout: patienceMs });
    } catch (error) {
      if (error instanceof RolledBack) return error.answer;
      throw error;
    }
  }

  /** Every entry is tried, so that every fault is told at once. */
  private async makeAll(entries: readonly Entry[], act: Act, tx: Transaction): Promise<Outcome> {
    const done: DoneEntry[] = [];
    const problems: Outcome['problems'][number][] = [];
    for (const { path, sent, scope, make } of entries) {
      try {
        if (!act.caller.scopes.has(scope)) throw lacking(scope);
        done.push(await withinSavepoint(tx, () => make(act, tx)));
      } catch (error) {
        const problem = problemOf(error);
        if (!(problem instanceof ProblemError) || problem.status >= 500) throw error;
        const faults = memberFaults(error, sent) ?? [{ path: [], detail: problem.detail ?? problem.title }];
        const at = faults.map((fault) =>
          faultAt('body/description', { ...fault, path: [...path, ...fault.path] }),
        );
        problems.push({ problem, faults: at });
      }
    }
    return { done, problems };
  }

  /** In an order in which everything that is named is there before it is named. */
  private entriesOf(description: contracts.Description): Entry[] {
    const { policies, resources, clients, gateway_routes: routes } = description;
    const { entries } = this;
    const each = <T>(
      kind: string,
      of: Readonly<Record<string, T>>,
      scope: AdminScope,
      make: (name: string, wanted: T, act: Act, tx: Transaction) => Promise<DoneEntry>,
    ): Entry[] =>
      Object.entries(of).map(([name, wanted]) => ({
        path: [kind, name],
        sent: wanted,
        scope,
        make: (act, tx) => make(name, wanted, act, tx),
      }));
    return [
      ...each('policies', policies, 'policies:write', entries.policy.bind(entries)),
      ...each('resources', resources, 'clients:write', entries.resource.bind(entries)),
      ...each('clients', clients, 'clients:write', entries.client.bind(entries)),
      ...each('gateway_routes', routes, 'policies:write', entries.route.bind(entries)),
      ...this.attachmentsOf(description),
    ];
  }

  private attachmentsOf({ everyone, resources, clients }: contracts.Description): Entry[] {
    const attachment = (
      path: readonly string[],
      target: PolicyTarget,
      policy: string | null | undefined,
    ): Entry[] =>
      policy === undefined
        ? []
        : [
            {
              path,
              sent: policy,
              scope: 'policies:write',
              make: (act, tx) => this.entries.attachment(target, policy, act, tx),
            },
          ];
    return [
      ...attachment(['everyone'], { kind: 'everyone' }, everyone),
      ...Object.entries(resources).flatMap(([audience, { policy }]) =>
        attachment(['resources', audience, 'policy'], { kind: 'resource', audience }, policy),
      ),
      ...Object.entries(clients).flatMap(([id, { policy }]) =>
        attachment(['clients', id, 'policy'], { kind: 'client', id }, policy),
      ),
    ];
  }
}

function answerOf(done: readonly DoneEntry[], applied: boolean, expected: string | undefined): Answer {
  const steps = done.filter(({ step }) => step !== null);
  const planned = JSON.stringify(steps.map(({ step, from }) => [step, from ?? null]));
  const plan_hash = createHash('sha256').update(planned).digest('hex');
  if (expected !== undefined && expected !== plan_hash)
    throw new ProblemError({
      status: 412,
      code: 'plan_changed',
      detail: 'Somebody has changed something since the plan was made. Plan again.',
    });
  const secrets = steps.flatMap(({ step, secret }) =>
    applied && secret ? [{ client_id: step!.name, client_secret: secret }] : [],
  );
  return ok({
    applied: applied && steps.length > 0,
    plan: steps.map(({ step }) => step),
    plan_hash,
    secrets,
  });
}

/** One problem for all entries: their own status and code where they agree, and every fault with its place. */
function together(problems: Outcome['problems']): ProblemError {
  const [first] = problems;
  const alike = problems.every(({ problem }) => problem.code === first!.problem.code);
  return new ProblemError({
    ...(alike
      ? { status: first!.problem.status, code: first!.problem.code }
      : { status: 400, code: 'invalid_description' }),
    detail: 'Nothing was changed, because the description has faults.',
    faults: problems.flatMap(({ faults }) => faults).slice(0, 100),
  });
}

const lacking = (scope: AdminScope): ProblemError =>
  new ProblemError({ status: 403, code: 'insufficient_scope', detail: `needs the scope ${scope}` });
