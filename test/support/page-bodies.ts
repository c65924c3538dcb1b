/** A page without the challenge of its passkey ceremony, which each answer draws anew. */
export const withoutChallenge = (body: string): string =>
  body.replaceAll(/challenge&quot;:&quot;[\w-]+/g, 'challenge&quot;:&quot;');
