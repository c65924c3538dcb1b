export { readClientDocument, UnreadableClientDocument } from './client-document.js';
export { type ClientHost, ClientHosts, type ListedHost, maxClientsOfHost } from './client-hosts.js';
export { documentHost, leadsToDevice } from './document-address.js';
