const maxLength = 254;
// RFC 5321 §4.1.2 without quoted local parts and address literals, which no provider gives to people.
const form = /^[^\s\p{C}@<>()[\]\\,;:"]{1,64}@[^\s\p{C}@<>()[\]\\,;:"]+$/u;

/** Brings an address of email into the one form it is stored and compared in (NFKC, lower case); null if it is none. */
export const normaliseEmail = (input: string): string | null => {
  if (input.length > maxLength * 4) return null;
  const address = input.normalize('NFKC').trim().toLowerCase().normalize('NFKC');
  return address.length <= maxLength && form.test(address) ? address : null;
};
