import { plus, seconds } from '@curfew/session-policy';
import { currentScope } from '../request-scope.js';
import { type AdapterParts, PartialAdapter } from './partial-adapter.js';

/** A grant is an artifact until its code is redeemed; from then on it is part of the session's row. */
export class GrantAdapter extends PartialAdapter {
  constructor(private readonly parts: AdapterParts) {
    super();
  }

  override async find(id: string): Promise<Record<string, unknown> | undefined> {
    const found = await this.parts.artifacts.find({ kind: 'Grant', id }, currentScope().staged);
    return found && (JSON.parse(found.text) as Record<string, unknown>);
  }

  override async upsert(id?: string, payload?: Record<string, unknown>, expiresIn?: number): Promise<void> {
    if (!id || !payload || !expiresIn) return;
    const { now, staged } = currentScope();
    staged.save({ kind: 'Grant', id }, payload, plus(now, seconds(expiresIn)));
  }

  override async destroy(id: string): Promise<void> {
    currentScope().staged.remove({ kind: 'Grant', id });
  }
}
