import type { ArtifactStore, BrowserSessionStore } from '@curfew/artifacts';
import type { BrowserSessionEnds, SessionQueries, SessionService } from '@curfew/sessions';
import type { ClientDirectory } from '@curfew/token-endpoint/client';
import type { AccessTokenCodec } from '@curfew/tokens';
import type { Adapter } from 'oidc-provider';

/** The two sides between which the adapters translate. */
export interface AdapterParts {
  readonly sessions: SessionService;
  readonly queries: SessionQueries;
  readonly accessTokens: AccessTokenCodec;
  readonly artifacts: ArtifactStore;
  readonly browserSessions: BrowserSessionStore;
  readonly browserSessionEnds: BrowserSessionEnds;
  readonly clients: ClientDirectory;
  /** See `ProtocolParts`. */
  readonly certificateHeader: string | undefined;
}

/** An operation that a model does not have is refused loudly rather than ignored silently. */
export abstract class PartialAdapter implements Adapter {
  async upsert(): Promise<void> {}
  async find(_id: string): Promise<Record<string, unknown> | undefined> {
    return undefined;
  }
  async findByUserCode(_userCode: string): Promise<Record<string, unknown> | undefined> {
    return undefined;
  }
  async findByUid(_uid: string): Promise<Record<string, unknown> | undefined> {
    return undefined;
  }
  async consume(_id: string): Promise<void> {}
  async destroy(_id: string): Promise<void> {}
  async revokeByGrantId(_grantId: string): Promise<void> {}
}
