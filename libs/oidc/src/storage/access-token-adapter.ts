import { isUuid } from '@curfew/tokens';
import { currentScope } from '../request-scope.js';
import { type AdapterParts, PartialAdapter } from './partial-adapter.js';

/** Access tokens are made and read by our own endpoints; the library only asks for the end of everything that a grant led to, at a sign-out. */
export class AccessTokenAdapter extends PartialAdapter {
  constructor(private readonly parts: AdapterParts) {
    super();
  }

  override async revokeByGrantId(grantId: string): Promise<void> {
    if (!isUuid(grantId)) return;
    const { now, signals } = currentScope();
    await this.parts.sessions.end([grantId], 'logout', { signals }, now);
  }
}
