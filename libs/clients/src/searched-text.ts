/** PostgreSQL's text cannot hold it, so nothing has it in a name. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is looked for in order to be refused
export const unstorable = /\u0000/;

/** A part of names that are looked for, as Prisma's `contains` takes it: a wildcard of LIKE stands for itself. */
export const literally = (search: string): string => search.replace(/[\\%_]/g, '\\$&');
