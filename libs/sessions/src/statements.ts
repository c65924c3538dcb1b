export {
  type BrowserSessionColumns,
  browserSessionColumns,
  browserStands,
  holdBrowser,
  ofBrowser,
  readBrowserSession,
  sessionsOfBrowser,
} from './browser-session-row.js';
export { type FoundRow, foundColumns, readFound } from './store/session-row.js';
export {
  deadlineUnder,
  entriesAgainst,
  isKilled,
  lastEndOfEveryone,
  notKilledUnsettled,
  ofSession,
  placeWithin,
  rowStands,
  unsettledEntry,
} from './store/standing-statements.js';
