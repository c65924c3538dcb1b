/** The path of an issuer that does not stand at the root of its host, without a slash at the end; mostly empty. */
export const basePathOf = (issuer: string): string => new URL(issuer).pathname.replace(/\/+$/, '');
