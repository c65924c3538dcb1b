export {
  type BrowserSessionColumns,
  browserSessionColumns,
  browserStands,
  holdBrowser,
  ofBrowser,
  readBrowserSession,
  sessionsOfBrowser,
} from './browser-session-row.js';
export { recordOnceText } from './store/once-record.js';
export { type FoundRow, foundColumns, readFound } from './store/session-read.js';
export {
  deadlineUnder,
  entriesAgainst,
  isCovered,
  lastEndOfEveryone,
  notCoveredBeside,
  notCoveredUnsettled,
  placeWithin,
  rowStands,
  unsettledEntry,
} from './store/standing-statements.js';
