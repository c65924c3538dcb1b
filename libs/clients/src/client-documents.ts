export { readClientDocument, UnreadableClientDocument } from './client-document.js';
export { type ClientHost, ClientHosts, type ListedHost, maxClientsOfHost } from './client-hosts.js';
export { addressInPath, documentHost, leadsToDevice, textInPath } from './document-address.js';
