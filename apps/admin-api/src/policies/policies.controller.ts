import {
  isPublicClient,
  type PolicyAttachment,
  type PolicyRevision,
  PolicyService,
  type PolicyTarget,
  RegistrationError,
  Registry,
} from '@curfew/clients';
import { PrismaService } from '@curfew/persistence';
import { parsePolicy, type SessionPolicy } from '@curfew/session-policy';
import { ProblemError } from '@curfew/web';
import { Controller } from '@nestjs/common';
import { type Act, actOf } from '../access/acts.js';
import { type Answer, created, ok } from '../contract/answer.js';
import { Cursors } from '../contract/cursor.js';
import { Input, type InputOf } from '../contract/input.js';
import { Operation } from '../contract/operation.js';
import { notFound } from '../contract/problems.js';
import { PolicyActs } from './policy-acts.js';
import { PolicyBook } from './policy-book.js';
import * as contracts from './policy-contracts.js';
import { complianceOf, policyOnWire, revisionOnWire, targetOf, warningsFor } from './policy-view.js';
import { PreviewStore, PreviewTooLarge } from './preview.store.js';

/** Policies and their attachments: changed by version, and previewed before they are applied. */
@Controller()
export class PoliciesController {
  constructor(
    private readonly prisma: PrismaService,
    private readonly policies: PolicyService,
    private readonly acts: PolicyActs,
    private readonly previews: PreviewStore,
    private readonly cursors: Cursors,
    private readonly registry: Registry,
  ) {}

  @Operation(contracts.list)
  async list(@Input() { query }: InputOf<typeof contracts.list>): Promise<Answer> {
    const [revisions, attachments] = await Promise.all([this.policies.list(), this.policies.attachments()]);
    const wanted = revisions
      .filter(({ profile }) => query.kind === undefined || (query.kind === 'profile') === (profile !== null))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    const question = `policies ${query.kind ?? ''}`;
    const after = query.cursor === undefined ? '' : String(this.cursors.open(question, query.cursor)[0]);
    const page = wanted.filter(({ name }) => name > after).slice(0, query.limit + 1);
    const items = page.slice(0, query.limit);
    const next = page.length > query.limit ? this.cursors.seal(question, [items.at(-1)!.name]) : null;
    return ok({ items: items.map((one) => policyOnWire(one, attachments)), next_cursor: next });
  }

  @Operation(contracts.show)
  async show(@Input() { params }: InputOf<typeof contracts.show>): Promise<Answer> {
    const [revision, attachments] = await Promise.all([
      this.existing(params.name),
      this.policies.attachments(),
    ]);
    return ok(await this.detail(revision, attachments), revision.version);
  }

  @Operation(contracts.revisions)
  async revisions(@Input() { params }: InputOf<typeof contracts.revisions>): Promise<Answer> {
    await this.existing(params.name);
    return ok({ items: (await this.policies.revisions(params.name)).map(revisionOnWire) });
  }

  @Operation(contracts.create)
  async create(@Input() { body, ...asked }: InputOf<typeof contracts.create>): Promise<Answer> {
    const { name, settings } = body;
    try {
      const revision = await this.save({ name, previous: 0, settings }, actOf(asked, contracts.create));
      return created(await this.detail(revision, []), `/v1/policies/${name}`, revision.version);
    } catch (error) {
      if (!(error instanceof RegistrationError) || error.code !== 'version_conflict') throw error;
      throw new ProblemError({
        status: 409,
        code: 'policy_exists',
        detail: 'There is a policy with this name.',
      });
    }
  }

  @Operation(contracts.change)
  async change(@Input() input: InputOf<typeof contracts.change>): Promise<Answer> {
    const { params, body, version } = input;
    await this.existing(params.name);
    const wanted = { name: params.name, previous: version, settings: body.settings };
    const revision = await this.save(wanted, actOf(input, contracts.change));
    return ok(await this.detail(revision, await this.policies.attachments()), revision.version);
  }

  @Operation(contracts.lint)
  lint(@Input() { body }: InputOf<typeof contracts.lint>): Answer {
    const parsed = parsePolicy(body.settings);
    if (!parsed.ok) return ok({ valid: false, violations: parsed.violations, warnings: [], compliance: [] });
    const missing = this.acts.missingFor(parsed.policy);
    return ok({
      valid: missing === null,
      violations: missing === null ? [] : [missing],
      warnings: warningsFor(parsed.policy, body.attached_to === undefined ? [] : [body.attached_to]),
      compliance: complianceOf(parsed.policy),
    });
  }

  @Operation(contracts.preview)
  async preview(@Input() { body, now }: InputOf<typeof contracts.preview>): Promise<Answer> {
    const policy = await this.supposed(body.name, body.settings);
    const attachTo = body.attach_to === undefined ? undefined : targetOf(body.attach_to);
    const attached = attachTo ? await this.policies.attachedTo(attachTo) : null;
    const change = { name: body.name ?? '(preview)', policy, attachTo };
    const [revisions, attachments] = await Promise.all([this.policies.list(), this.policies.attachments()]);
    const book = new PolicyBook(revisions, attachments, change);
    const counts = await this.previews
      .count((clientId, resources) => book.byPlace(clientId, resources), now)
      .catch(tooLarge);
    const by_client = counts.map(({ clientId, live, wouldEnd }) => ({
      client_id: clientId,
      live,
      would_end: wouldEnd,
    }));
    const sum = (member: 'live' | 'would_end') => by_client.reduce((all, one) => all + one[member], 0);
    return ok({ live: sum('live'), would_end: sum('would_end'), by_client, attached });
  }

  private save(
    wanted: { readonly name: string; readonly previous: number; readonly settings: unknown },
    act: Act,
  ): Promise<PolicyRevision> {
    return this.prisma.$transaction((tx) => this.acts.save(wanted, act, tx));
  }

  private async supposed(name: string | undefined, settings: unknown): Promise<SessionPolicy> {
    if (settings === undefined) {
      if (name !== undefined) return (await this.existing(name)).policy;
      throw new ProblemError({
        status: 400,
        code: 'invalid_request',
        faults: [{ at: 'body', detail: 'needs a name, settings, or both' }],
      });
    }
    const parsed = parsePolicy(settings);
    if (!parsed.ok) throw new RegistrationError('invalid_policy', parsed.violations);
    return parsed.policy;
  }

  private async existing(name: string): Promise<PolicyRevision> {
    const revision = await this.policies.find(name);
    if (!revision) throw notFound('unknown_policy', 'There is no such policy.');
    return revision;
  }

  private async detail(revision: PolicyRevision, attachments: readonly PolicyAttachment[]) {
    const own = attachments.filter(({ policy }) => policy === revision.name).map(({ target }) => target);
    const kinds = [...new Set(own.map(({ kind }) => kind))] as PolicyTarget['kind'][];
    // Public clients have siblings; only a policy that serves them is asked whose it is.
    const clients = revision.policy.siblings === 'serve' ? await this.clientsAmong(own) : [];
    const isOfConfidentialClient = clients.some((client) => !isPublicClient(client));
    const warnings = warningsFor(revision.policy, kinds, isOfConfidentialClient);
    return { ...policyOnWire(revision, attachments), warnings };
  }

  private async clientsAmong(targets: readonly PolicyTarget[]) {
    const ids = targets.flatMap((target) => (target.kind === 'client' ? [target.id] : []));
    const clients = await Promise.all(ids.map((id) => this.registry.client(id)));
    return clients.filter((client) => client !== null);
  }
}

function tooLarge(error: unknown): never {
  if (!(error instanceof PreviewTooLarge)) throw error;
  throw new ProblemError({
    status: 422,
    code: 'preview_too_large',
    detail:
      'There are more live sessions than can be counted within the limits of a preview. Nothing was changed.',
  });
}
