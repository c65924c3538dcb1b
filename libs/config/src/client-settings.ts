import { flag } from './values.js';

/** Clients that nobody registers. */
export const documents = {
  CURFEW_CLIENT_DOCUMENTS: flag(
    'Lets documents of hosts that an operator has allowed introduce clients (Client ID Metadata Documents): the client id is the address of the document. Without it such clients are unknown, also those that were introduced before.',
    false,
  ),
};
