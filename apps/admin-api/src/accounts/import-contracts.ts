import { accountFileFormats, maxImportedAccounts } from '@curfew/accounts/import';
import { z } from 'zod';
import { operation } from '../contract/operation.js';
import { note } from '../contract/wire.js';

/** A file of accounts may have this many bytes; other bodies of the admin API are smaller. */
export const maxImportBytes = 16_777_216;

/** Import. */
export const importAccounts = operation({
  id: 'importAccounts',
  method: 'post',
  path: '/v1/accounts/import',
  tag: 'accounts',
  summary: 'Imports the accounts of a file, with the password hashes of another system: all of them or none.',
  description: `A file has at most ${maxImportedAccounts} accounts, as JSON Lines or CSV with the members \`username\`, \`display_name\`, \`email\`, \`email_verified\`, \`groups\`, \`external_id\`, \`disabled\` and \`password_hash\`. Every fault is told with its line as \`line/<number>/<member>\`. An account that is there with the same profile is left as it is. docs/guides/import.md has the forms of hashes.`,
  scope: 'accounts:write',
  powerless: true,
  body: z.strictObject({
    format: z.enum(accountFileFormats, { error: 'must be jsonl or csv' }),
    content: z.string().min(1).meta({ description: 'The file as text.' }),
    dry_run: z.boolean({ error: 'must be true or false' }).default(false),
    note: note.optional(),
  }),
  idempotent: true,
  answers: {
    200: {
      description: 'Imported, or checked in a dry run.',
      schema: z.object({
        imported: z.boolean(),
        created: z.number().int(),
        present: z
          .number()
          .int()
          .meta({ description: 'Accounts that were there with the same profile, and were left alone.' }),
      }),
    },
  },
  problems: { 400: ['invalid_import'], 503: ['overloaded'] },
});
