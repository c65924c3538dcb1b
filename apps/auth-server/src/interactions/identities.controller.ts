import type { IncomingMessage, ServerResponse } from 'node:http';
import { AccountService } from '@curfew/accounts';
import { LinkedIdentities, type LinkedIdentity } from '@curfew/accounts/identity-providers';
import { subjectKey } from '@curfew/artifacts';
import { Clock } from '@curfew/clock';
import { OperationParts, personWithProof } from '@curfew/operations';
import { unlinkOwnIdentity } from '@curfew/operations/identities';
import { Controller, Get, Post, Query, Req, Res } from '@nestjs/common';
import { type IdentityChange, identitiesPage, identityChangesDone } from '../pages/index.js';
import { UpstreamParts } from '../upstream/index.js';
import { seeOther } from './answer.js';
import { type FormProblem, problemOfError } from './form-problem.js';
import type { FreshProof } from './fresh-proofs.js';
import { untilOver } from './own-account.js';
import { OwnPages, type SentForm } from './own-pages.js';
import { malformed } from './page-error.js';
import { PageLog } from './page-log.js';
import { UpstreamSignIn } from './upstream-sign-in.js';

/**
 * See, link and unlink the sign-ins with other identity providers that lead to one's account. Each is a way in, so that a change demands a
 * fresh proof.
 */
@Controller('identities')
export class IdentitiesController {
  constructor(
    private readonly pages: OwnPages,
    private readonly parts: OperationParts,
    private readonly identities: LinkedIdentities,
    private readonly upstream: UpstreamSignIn,
    private readonly offers: UpstreamParts,
    private readonly accounts: AccountService,
    private readonly log: PageLog,
    private readonly clock: Clock,
  ) {}

  @Get()
  async show(
    @Query('done') done: unknown,
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
  ): Promise<void> {
    const page = await this.pages.open('identities', request, response);
    if (!page) return;
    const { id, secondFactors } = page.person.account;
    const linked = await this.identities.ofAccount(id);
    const canProve = secondFactors.includes('passkey') || (await this.accounts.hasPassword(id));
    const markup = identitiesPage({
      ...page.model,
      ...page.proofFields,
      now: this.clock.now(),
      identities: linked.map((one) => ({
        name: this.nameOf(one),
        since: one.createdAt,
        lastUsedAt: one.lastUsedAt,
      })),
      changes: this.changes(linked),
      canProve,
      done: identityChangesDone.find((one) => one === done),
    });
    page.send(markup, this.offers.offered.open.length > 0);
  }

  @Post()
  async change(@Req() request: IncomingMessage, @Res() response: ServerResponse): Promise<void> {
    const sent = await this.pages.form('identities', request, response);
    const linked = await this.identities.ofAccount(sent.person.account.id);
    const act = sent.form.get('act');
    const change = this.changes(linked).find((one) => one.act === act);
    if (!change) throw malformed();
    const proved = await this.pages.proveAnew(sent);
    if ('code' in proved) return this.pages.ask(sent, { problem: proved });
    const identity = linked.find((one) => unlinking(one) === act);
    const problem = identity
      ? await this.unlink(sent, identity, proved)
      : await this.goThere(sent, change.act.slice(linking('').length), proved.version);
    if (problem) this.pages.ask(sent, { problem });
  }

  private async goThere(sent: SentForm, provider: string, version: string): Promise<FormProblem | undefined> {
    const { account, browserSessionUid } = sent.person;
    const links = { accountId: account.id, browserSessionUid, version };
    const place = { ...this.pages.placeOf(sent), links };
    const to = await this.upstream.begin(place, provider, { isFresh: true, context: null });
    if ('code' in to) return to;
    seeOther(sent.response, to.href);
    return undefined;
  }

  /** The fresh proof is another way in, so that no link is the last one. */
  private async unlink(
    sent: SentForm,
    identity: LinkedIdentity,
    { version, methods }: FreshProof,
  ): Promise<FormProblem | undefined> {
    const { id } = sent.person.account;
    try {
      const author = personWithProof(this.parts, id, version);
      const unlinked = await unlinkOwnIdentity(this.parts, identity, id, author);
      if (unlinked?.ended) {
        await untilOver(unlinked.ended.at, this.clock);
        // This browser's sign-in ended as well.
        await this.pages.signInAgain(sent, methods);
      }
    } catch (error) {
      return problemOfError(error);
    }
    this.log.note('identity_unlinked', { accountId: id });
    seeOther(sent.response, `${this.pages.addressOf('identities')}?done=unlinked`);
    return undefined;
  }

  private changes(linked: readonly LinkedIdentity[]): readonly IdentityChange[] {
    const free = this.offers.offered.open.filter(({ issuer }) =>
      linked.every((one) => one.issuer !== issuer),
    );
    return [
      ...free.map(({ id, name }) => ({ act: linking(id), kind: 'link' as const, name })),
      ...linked.map((one) => ({ act: unlinking(one), kind: 'unlink' as const, name: this.nameOf(one) })),
    ];
  }

  private nameOf(identity: LinkedIdentity): string {
    return this.offers.offered.of(identity.issuer)?.name ?? identity.issuer;
  }
}

/** The change as a form names it. Another tab may have changed the list meanwhile, so that no place in it is meant. */
const linking = (provider: string): string => `link ${provider}`;
const unlinking = ({ issuer, subject }: LinkedIdentity): string => `unlink ${subjectKey(issuer, subject)}`;
