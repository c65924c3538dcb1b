import { metadataUrlOf, type ResourceMetadata } from './http/protected-resource.js';
import type { VerifySignature } from './jwt/jwt-access-tokens.js';

/** How a resource server verifies tokens. Lengths of time are milliseconds. */
export interface VerifierOptions {
  /** The issuer identifier of the authorization server. */
  readonly issuer: string;
  /** The client registered for this resource, which asks and follows. */
  readonly clientId: string;
  readonly clientSecret?: string;
  /**
   * Instead of a secret: gets an access token of that client's own (client credentials, no resource) that is still good,
   * for clients that authenticate in another way, such as `private_key_jwt`.
   */
  readonly clientToken?: () => Promise<string>;
  /** The audience tokens must be meant for. */
  readonly audience: string;
  /** How long a verdict is used without asking again, at the most; 0 asks each time. By default 10 s, never more than 30 s. */
  readonly cacheForMs?: number;
  /** The number of tokens that are remembered; 100,000 by default. */
  readonly maxTokens?: number;
  /** @deprecated The former name of `maxTokens`. */
  readonly mostTokens?: number;
  /** Patience with the authorization server. */
  readonly timeoutMs?: number;
  /** The public origin of this resource, such as `https://api.example.com`; DPoP proofs are compared with it. */
  readonly origin?: string;
  /**
   * Whether JWT access tokens are verified here, by the published keys and the feed, and asked about only in doubt. Then
   * their use does not count as activity of the session. Otherwise they are asked about like opaque ones.
   */
  readonly readJwts?: boolean;
  /** Verifies the signature of a JWT in another way than this package does; for frameworks that bring their own. */
  readonly verifySignature?: VerifySignature;
  /**
   * Protected resource metadata (RFC 9728): with it, even with `{}`, the guards answer requests for it, and every challenge names its
   * address, so that clients which know only the address of the API find out where and for what to sign in. The audience must be the
   * address of the API then.
   */
  readonly metadata?: ResourceMetadata | undefined;
  /** Named in challenges. */
  readonly realm?: string;
  /** Told why the feed was lost or a question failed; both are tried again by themselves. */
  readonly onTrouble?: (error: unknown) => void;
}

/** The longest a verdict may be used without asking, whatever is configured. */
export const maxCacheMs = 30_000;

/** Something about the options cannot be. */
export class VerifierMisconfigured extends TypeError {
  override readonly name = 'VerifierMisconfigured';
}

/** The number of tokens to remember. */
export const maxTokensOf = ({ maxTokens, mostTokens }: VerifierOptions): number =>
  maxTokens ?? mostTokens ?? 100_000;

/** The options, if they can be. @throws VerifierMisconfigured */
export function checked(options: VerifierOptions): VerifierOptions {
  const { issuer, clientId, clientSecret, audience, cacheForMs = 0 } = options;
  const maxTokens = maxTokensOf(options);
  if (!URL.canParse(issuer) || issuer.endsWith('/'))
    throw new VerifierMisconfigured('issuer must be the issuer identifier, without a trailing slash');
  if (!clientId || !clientSecret === !options.clientToken)
    throw new VerifierMisconfigured('clientId must be given, and either clientSecret or clientToken');
  if (!audience) throw new VerifierMisconfigured('audience must be given');
  if (options.metadata && metadataUrlOf(audience) === undefined)
    throw new VerifierMisconfigured('metadata needs an audience that is a web address');
  if (options.origin !== undefined && !isOrigin(options.origin))
    throw new VerifierMisconfigured('origin must be scheme, host and port, and nothing else');
  if (!(cacheForMs >= 0 && cacheForMs <= maxCacheMs))
    throw new VerifierMisconfigured(`cacheForMs must be between 0 and ${maxCacheMs}`);
  if (!Number.isInteger(maxTokens) || maxTokens < 1)
    throw new VerifierMisconfigured('maxTokens must be a whole number above 0');
  return options;
}

const isOrigin = (text: string): boolean => URL.canParse(text) && new URL(text).origin === text;
