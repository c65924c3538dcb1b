import type { ShownPassword } from '@curfew/accounts';
import { Clock } from '@curfew/clock';
import {
  confirmSecondFactor,
  type FactorChange,
  OperationParts,
  removeSecondFactors,
  renewRecoveryCodes,
  setSecondStep,
} from '@curfew/operations';
import { Injectable } from '@nestjs/common';
import { personAt, untilOver } from './own-account.js';

/** Changes of a person's own second factors, with their events and ends. */
@Injectable()
export class OwnFactors {
  constructor(
    private readonly parts: OperationParts,
    private readonly clock: Clock,
  ) {}

  /** Takes an app into use; its recovery codes, or null where the code is not the app's. */
  async confirm(shown: ShownPassword): Promise<readonly string[] | null> {
    const confirmed = await confirmSecondFactor(this.parts, shown, personAt(shown.account.id));
    await this.#settled(confirmed);
    return confirmed?.codes ?? null;
  }

  /** Removes all factors; whether there were any. */
  async remove(accountId: string): Promise<boolean> {
    const removed = await removeSecondFactors(this.parts, accountId, personAt(accountId));
    await this.#settled(removed);
    return removed !== null;
  }

  renew(accountId: string): Promise<readonly string[]> {
    return renewRecoveryCodes(this.parts, accountId, personAt(accountId));
  }

  askAlways(accountId: string, always: boolean): Promise<void> {
    return setSecondStep(this.parts, accountId, always, personAt(accountId));
  }

  async #settled(change: FactorChange | null): Promise<void> {
    if (change?.ended) await untilOver(change.ended.at, this.clock);
  }
}
