export {
  type AccountFileFormat,
  accountFileFormats,
  type ImportFault,
} from './account-file.js';
export {
  ImportRefused,
  maxImportedAccounts,
  type PlannedImport,
  planImport,
  readImport,
  writeImport,
} from './account-import.js';
export type { ImportedAccount } from './imported-account.js';
