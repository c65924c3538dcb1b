const longest = 254;

// Separators and everything unprintable: two names that look alike must not differ by them.
const refused = /[\p{Z}\p{C}]/u;

/**
 * Brings a username into the one form it is stored and compared in (NFKC, lower case, without blanks around it); null if it cannot be one.
 * Lower-casing can undo the normal form, hence the second pass.
 */
export const normaliseUsername = (input: string): string | null => {
  if (input.length > longest * 4) return null;
  const name = input.normalize('NFKC').trim().toLowerCase().normalize('NFKC');
  if (name.length < 1 || name.length > longest || refused.test(name)) return null;
  return name;
};
