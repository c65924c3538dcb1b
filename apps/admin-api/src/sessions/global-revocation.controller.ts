import { AccountError, AccountService, Profiles } from '@curfew/accounts';
import { globalRevocationPath } from '@curfew/config';
import { type Foundation, foundationToken } from '@curfew/foundation';
import { Controller, Inject } from '@nestjs/common';
import { z } from 'zod';
import { type Answer, nothing } from '../contract/answer.js';
import { Input, type InputOf } from '../contract/input.js';
import { Operation, operation } from '../contract/operation.js';
import { uuid } from '../contract/wire.js';
import { SessionEnds } from './session-ends.js';

const text = z.string().min(1).max(2_048);

/** Ways to name a person (RFC 9493 §3.2): by issuer and subject, by a verified address, by the subject alone. */
const subject = z.discriminatedUnion(
  'format',
  [
    z.strictObject({ format: z.literal('iss_sub'), iss: text, sub: text }),
    z.strictObject({ format: z.literal('email'), email: text }),
    z.strictObject({ format: z.literal('opaque'), id: text }),
  ],
  { error: 'must be a subject identifier of the format iss_sub, email or opaque (RFC 9493)' },
);

const revoke = operation({
  id: 'revokeGlobally',
  method: 'post',
  path: globalRevocationPath,
  tag: 'sessions',
  summary: 'Ends everything of one person, on the word of an identity provider or a security tool.',
  description:
    'Global Token Revocation (draft-parecki-oauth-global-token-revocation). All sessions and browsers of the person end in one commit, and every token that was issued before is refused; the person has to sign in again. An address names the account that has shown it to be its own.',
  scope: 'sessions:end',
  powerless: true,
  body: z.strictObject({ sub_id: subject }),
  answers: { 204: { description: 'Everything has ended.' } },
  problems: { 404: ['unknown_account'] },
});

type Subject = z.output<typeof subject>;

/** The endpoint of Global Token Revocation; the metadata of the authorization server names it. */
@Controller()
export class GlobalRevocationController {
  constructor(
    private readonly ends: SessionEnds,
    private readonly accounts: AccountService,
    private readonly profiles: Profiles,
    @Inject(foundationToken) private readonly foundation: Foundation,
  ) {}

  @Operation(revoke)
  async revoke(@Input() { body, caller, now }: InputOf<typeof revoke>): Promise<Answer> {
    const target = await this.accountOf(body.sub_id);
    const order = { caller, reason: 'ended_by_administrator', now } as const;
    await this.ends.all({ kind: 'account', target }, revoke.id, order);
    return nothing();
  }

  private async accountOf(subject: Subject): Promise<string> {
    const { data: id } = uuid.safeParse(await this.named(subject));
    if (id === undefined || !(await this.accounts.findById(id))) throw new AccountError('unknown_account');
    return id;
  }

  private async named(subject: Subject): Promise<string | null> {
    if (subject.format === 'email') return this.profiles.accountOfVerified(subject.email);
    if (subject.format === 'opaque') return subject.id;
    return subject.iss === this.foundation.configuration.issuer ? subject.sub : null;
  }
}
