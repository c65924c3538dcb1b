import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IntrospectionAnswer, IntrospectionQuestion } from '@curfew/token-endpoint';
import { answerJson, malformedBody, readJson, requireMethod } from '@curfew/web';
import type { FollowerAuthentication } from './follower-authentication.js';

/** The number of tokens in one call. */
const maxTokens = 200;
/** The longest access token that is read at all. */
const maxTokenLength = 8_192;
/** Bytes of a call: its tokens and a little around them. */
const maxBytes = 1_024 * 1_024;

/** Answers about one token, as the introspection endpoint would. */
export type Introspect = (question: IntrospectionQuestion) => Promise<IntrospectionAnswer>;

/** One token of a call; `touch: false` does not count as use of its session. */
interface AskedToken {
  readonly token: string;
  readonly touch: boolean;
}

/**
 * Introspection of many tokens in one call, for gateways: `{"tokens":[{"token":"…","touch":true}]}` gets
 * `{"answers":[…]}` in the same order, each what RFC 7662 §2.2 says of that token to that caller.
 */
export class BatchIntrospection {
  constructor(
    private readonly introspect: Introspect,
    private readonly authentication: FollowerAuthentication,
  ) {}

  /** Answers `POST /introspection/batch`. */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    requireMethod(request, 'POST');
    const from = { signals: this.authentication.signalsOf(request) };
    const caller = await this.authentication.of(request);
    const asked = tokensOf(await readJson(request, maxBytes));
    const answers = await Promise.all(
      asked.map(({ token, touch }) => this.introspect({ token, touch, caller, from })),
    );
    answerJson(response, { answers });
  }
}

function tokensOf(body: unknown): readonly AskedToken[] {
  const tokens =
    typeof body === 'object' && body !== null ? (body as { tokens?: unknown }).tokens : undefined;
  if (!Array.isArray(tokens) || tokens.length === 0 || tokens.length > maxTokens)
    throw malformedBody(`tokens must be a list of 1 to ${maxTokens} entries`);
  return tokens.map((entry: unknown) => {
    const { token, touch = true } = (entry ?? {}) as { token?: unknown; touch?: unknown };
    if (typeof token !== 'string' || token.length > maxTokenLength || typeof touch !== 'boolean')
      throw malformedBody('each entry must have a token, and touch must be true or false');
    return { token, touch };
  });
}
