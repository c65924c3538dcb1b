/**
 * The path of a client. The id of one that a document introduced is an address, which stands in base64url behind `~`: a gateway refuses a path
 * with its `//`.
 */
export const clientPath = (id: string): string =>
  `/v1/clients/${id.startsWith('https://') ? `~${Buffer.from(id).toString('base64url')}` : encodeURIComponent(id)}`;
