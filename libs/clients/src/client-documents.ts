export { readClientDocument, UnreadableClientDocument } from './client-document.js';
export { type ClientHost, ClientHosts, maxClientsOfHost } from './client-hosts.js';
export { documentHost, leadsToDeviceOnly } from './document-address.js';
