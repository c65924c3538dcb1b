import { ImportRefused, readImport } from '@curfew/accounts/import';
import { importAccounts, OperationParts } from '@curfew/operations';
import { ProblemError } from '@curfew/web';
import { Controller } from '@nestjs/common';
import { actOf, adminActed } from '../access/acts.js';
import { type Answer, ok } from '../contract/answer.js';
import { Input, type InputOf } from '../contract/input.js';
import { Operation } from '../contract/operation.js';
import * as contracts from './import-contracts.js';

/** Accounts of other systems. */
@Controller()
export class ImportController {
  constructor(private readonly parts: OperationParts) {}

  @Operation(contracts.importAccounts)
  async import(@Input() { body, ...asked }: InputOf<typeof contracts.importAccounts>): Promise<Answer> {
    const { caller, operation, now, note } = actOf(asked, contracts.importAccounts, body.note);
    // New accounts have no power over this API, so there is nothing that the caller must hold beside the scope.
    const author = {
      by: caller.actor,
      along: (count?: number) => [adminActed(caller, operation, null, now, { note, count: count ?? null })],
    };
    try {
      const wish = { read: readImport(body.format, body.content), dryRun: body.dry_run };
      const { created, present } = await importAccounts(this.parts, wish, author);
      return ok({ imported: !body.dry_run && created > 0, created, present });
    } catch (error) {
      throw error instanceof ImportRefused ? refused(error) : error;
    }
  }
}

const refused = ({ faults }: ImportRefused): ProblemError =>
  new ProblemError({
    status: 400,
    code: 'invalid_import',
    detail: 'Nothing was imported, because the file has faults.',
    faults: faults.map(({ line, member, detail }) => ({
      at: ['line', line, ...(member === undefined ? [] : [member])].join('/'),
      detail,
    })),
  });
