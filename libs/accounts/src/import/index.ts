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
  type ReadImport,
  readImport,
  writeImport,
} from './account-import.js';
export type { ImportedAccount } from './imported-account.js';
