import { type Resource, type ResourceRegistration, ResourceService } from '@curfew/clients';
import { EventLog } from '@curfew/events';
import type { Transaction } from '@curfew/persistence';
import type { EventData } from '@curfew/session-policy';
import { Injectable } from '@nestjs/common';
import { type Act, adminActed, eventOf } from '../access/acts.js';
import { Authority } from '../access/authority.js';

/** The members of an API as they are sent. */
export interface SentResource {
  readonly audience: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly default_scopes?: readonly string[] | undefined;
  readonly token_format?: Resource['tokenFormat'] | undefined;
  readonly signing_alg?: Resource['signingAlg'] | undefined;
}

/** Acts of operators on APIs. Each is checked for authority and commits with its events. */
@Injectable()
export class ResourceActs {
  constructor(
    private readonly resources: ResourceService,
    private readonly events: EventLog,
    private readonly authority: Authority,
  ) {}

  /** Registers an API. */
  create(sent: SentResource, act: Act, tx: Transaction): Promise<Resource> {
    return this.over(sent.audience, 'created', Object.keys(sent), act, tx, () =>
      this.resources.create(registrationOf(sent) as ResourceRegistration, tx),
    );
  }

  /** Changes the version of an API that was read. */
  change(
    audience: string,
    change: Partial<Omit<SentResource, 'audience'>>,
    version: number,
    act: Act,
    tx: Transaction,
  ): Promise<Resource> {
    return this.over(audience, 'changed', Object.keys(change), act, tx, () =>
      this.resources.update(audience, registrationOf(change), version, tx),
    );
  }

  /** Deletes an API that no client names any more. */
  remove(audience: string, act: Act, tx: Transaction): Promise<void> {
    return this.over(audience, 'deleted', [], act, tx, () => this.resources.delete(audience, tx));
  }

  private over<T>(
    audience: string,
    change: EventData['resource.changed']['change'],
    fields: readonly string[],
    act: Act,
    tx: Transaction,
    work: () => Promise<T>,
  ): Promise<T> {
    return this.authority.change(act, { kind: 'resource', audience }, tx, async () => {
      const made = await work();
      const { caller, operation, now } = act;
      const data = { audience, change, fields, by: caller.actor };
      await this.events.record(
        [eventOf('resource.changed', data, now), adminActed(caller, operation, audience, now)],
        tx,
      );
      return made;
    });
  }
}

/** The members under their names in libs/clients; members that were not sent are absent. */
function registrationOf({ default_scopes, token_format, signing_alg, ...same }: Partial<SentResource>) {
  return {
    ...same,
    ...(default_scopes === undefined ? {} : { defaultScopes: default_scopes }),
    ...(token_format === undefined ? {} : { tokenFormat: token_format }),
    ...(signing_alg === undefined ? {} : { signingAlg: signing_alg }),
  };
}
