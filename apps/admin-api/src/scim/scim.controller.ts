import { AccountError, AccountService } from '@curfew/accounts';
import { type Foundation, foundationToken } from '@curfew/foundation';
import { ProblemError } from '@curfew/web';
import { Controller, Inject } from '@nestjs/common';
import { actOf } from '../access/acts.js';
import { AccountActs } from '../accounts/account-acts.js';
import { type Answer, nothing } from '../contract/answer.js';
import { Input, type InputOf } from '../contract/input.js';
import { Operation } from '../contract/operation.js';
import { notFound } from '../contract/problems.js';
import { uuid } from '../contract/wire.js';
import { ScimStore } from './scim.store.js';
import { ScimActs } from './scim-acts.js';
import { memberOf, nameIn, patchedWish, type ScimWish, schemas, wishesIn } from './scim-attributes.js';
import * as contracts from './scim-contracts.js';
import { accountSchema, configuration, resourceType } from './scim-discovery.js';
import { readFilter } from './scim-filter.js';
import {
  listed,
  locationOf,
  scimAnswer,
  selected,
  shownAccount,
  type WantedAttributes,
} from './scim-view.js';

/** The accounts of a page where a client names no number, and the most that it gets. */
const [usualCount, maxCount] = [100, 200] as const;

const isUuid = (text: string): boolean => uuid.safeParse(text).success;

/** Accounts by SCIM 2.0 (RFC 7643, RFC 7644), for the directory of a company. */
@Controller()
export class ScimController {
  private readonly adminUrl: string;

  constructor(
    private readonly acts: ScimActs,
    private readonly accountActs: AccountActs,
    private readonly accounts: AccountService,
    private readonly store: ScimStore,
    @Inject(foundationToken) { configuration: { adminUrl } }: Foundation,
  ) {
    this.adminUrl = adminUrl;
  }

  @Operation(contracts.search)
  async search(@Input() { query }: InputOf<typeof contracts.search>): Promise<Answer> {
    const { filter, startIndex = 1, count = usualCount } = query;
    const place = { offset: startIndex - 1, limit: Math.min(count, maxCount) };
    const asked = filter === undefined ? {} : await this.asked(filter);
    const { found, total } = asked
      ? await this.store.search({ ...asked, ...place })
      : { found: [], total: 0 };
    const shown = found.map((one) => selected(shownAccount(one, this.adminUrl), query));
    return scimAnswer(200, listed(shown, total, startIndex));
  }

  @Operation(contracts.read)
  async read(@Input() { params, query }: InputOf<typeof contracts.read>): Promise<Answer> {
    return scimAnswer(200, await this.shown(params.id, query));
  }

  @Operation(contracts.create)
  async create(@Input() { body, ...asked }: InputOf<typeof contracts.create>): Promise<Answer> {
    const password = memberOf(body, 'password');
    if (password !== undefined && password !== null && typeof password !== 'string')
      throw new ProblemError({ status: 400, code: 'invalid_value', detail: 'password must be a text' });
    const wish = wholeWish(withoutPassword(body));
    const id = await this.acts.create(wish, password ?? undefined, actOf(asked, contracts.create));
    return scimAnswer(201, await this.shown(id), { Location: locationOf(this.adminUrl, id) });
  }

  @Operation(contracts.replace)
  async replace(@Input() { params, body, ...asked }: InputOf<typeof contracts.replace>): Promise<Answer> {
    const absent = { externalId: null, displayName: null, email: null };
    await this.acts.change(params.id, { ...absent, ...wholeWish(body) }, actOf(asked, contracts.replace));
    return scimAnswer(200, await this.shown(params.id));
  }

  @Operation(contracts.patch)
  async patch(@Input() { params, body, ...asked }: InputOf<typeof contracts.patch>): Promise<Answer> {
    await this.acts.change(params.id, patchedWish(body.Operations), actOf(asked, contracts.patch));
    return scimAnswer(200, await this.shown(params.id));
  }

  @Operation(contracts.remove)
  async remove(@Input() { params, ...asked }: InputOf<typeof contracts.remove>): Promise<Answer> {
    const { id } = await this.accountActs.existing(params.id);
    await this.accountActs.remove(id, actOf(asked, contracts.remove));
    return nothing();
  }

  @Operation(contracts.configuration)
  async configuration(): Promise<Answer> {
    return scimAnswer(200, configuration(this.adminUrl));
  }

  @Operation(contracts.resourceTypes)
  async resourceTypes(): Promise<Answer> {
    return scimAnswer(200, listed([resourceType(this.adminUrl)]));
  }

  @Operation(contracts.resourceType)
  async resourceType(@Input() { params }: InputOf<typeof contracts.resourceType>): Promise<Answer> {
    if (params.id !== 'User') throw notFound('not_found', 'There is one type of resource: User.');
    return scimAnswer(200, resourceType(this.adminUrl));
  }

  @Operation(contracts.schemas)
  async schemas(): Promise<Answer> {
    return scimAnswer(200, listed([accountSchema(this.adminUrl)]));
  }

  @Operation(contracts.schema)
  async schema(@Input() { params }: InputOf<typeof contracts.schema>): Promise<Answer> {
    if (params.id !== schemas.user) throw notFound('not_found', 'There is one schema: that of User.');
    return scimAnswer(200, accountSchema(this.adminUrl));
  }

  /** The question that a filter asks; null where nothing can fit. */
  private async asked(filter: string): Promise<{ id?: string; externalId?: string } | null> {
    const { attribute, value } = readFilter(filter);
    if (attribute === 'externalId') return { externalId: value };
    if (attribute === 'id') return isUuid(value) ? { id: value } : null;
    const account = await this.accounts.findByUsername(value);
    return account && { id: account.id };
  }

  private async shown(id: string, wanted: WantedAttributes = {}) {
    const { found } = isUuid(id) ? await this.store.search({ id, offset: 0, limit: 1 }) : { found: [] };
    if (!found[0]) throw new AccountError('unknown_account');
    return selected(shownAccount(found[0], this.adminUrl), wanted);
  }
}

const withoutPassword = (resource: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(resource).filter(([name]) => name.toLowerCase() !== 'password'));

/** The wish of a whole User. @throws ProblemError */
function wholeWish(resource: Readonly<Record<string, unknown>>): ScimWish & { readonly userName: string } {
  const { userName, ...wish } = wishesIn(resource);
  if (userName === undefined)
    throw new ProblemError({ status: 400, code: 'invalid_value', detail: 'userName is missing' });
  const name = wish.displayName === undefined ? nameIn(resource) : undefined;
  return { userName, ...wish, ...(name === undefined ? {} : { displayName: name }) };
}
