/**
 * Whether bytes are an Ecdsa-Sig-Value in DER, in which each signature has exactly one form (WebAuthn §6.5.5, X.690 §8.3.2 and §10.1).
 * It is for signatures on P-256, in which nothing is longer than 127 bytes.
 */
export function isDerSignature(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0x30 || bytes[1] !== bytes.length - 2) return false;
  const s = afterInteger(bytes, 2);
  return s !== undefined && afterInteger(bytes, s) === bytes.length;
}

/** The end of the positive integer at an index; undefined where there is none, or one with bytes that it does not need. */
function afterInteger(bytes: Uint8Array, at: number): number | undefined {
  const [tag, length, first, second] = bytes.subarray(at);
  if (tag !== 0x02 || !length || first === undefined || first >= 0x80) return undefined;
  if (first === 0 && (second === undefined || second < 0x80)) return undefined;
  return at + 2 + length;
}
