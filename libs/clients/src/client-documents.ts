export { documentHost } from './client.js';
export { leadsToDevice, readClientDocument, UnreadableClientDocument } from './client-document.js';
export { type ClientHost, ClientHosts, type ListedHost, maxClientsOfHost } from './client-hosts.js';
export { addressInPath, textInPath } from './document-address.js';
