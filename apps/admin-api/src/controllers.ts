import 'reflect-metadata';
import type { Type } from '@nestjs/common';
import { AccountsController } from './accounts/accounts.controller.js';
import { ApplyController } from './apply/apply.controller.js';
import { BrowsersController } from './browsers/browsers.controller.js';
import { ClientsController } from './clients/clients.controller.js';
import { ClockController } from './clock/clock.controller.js';
import { contractKey, type OperationContract } from './contract/operation.js';
import { EventsController } from './events/events.controller.js';
import { HealthController } from './health.controller.js';
import { InsightController } from './insight/insight.controller.js';
import { KeysController } from './keys/keys.controller.js';
import { DocumentController } from './openapi/document.controller.js';
import { AttachmentsController } from './policies/attachments.controller.js';
import { PoliciesController } from './policies/policies.controller.js';
import { ReceiversController } from './receivers/receivers.controller.js';
import { ResourcesController } from './resources/resources.controller.js';
import { RoutesController } from './routes/routes.controller.js';
import { SessionsController } from './sessions/sessions.controller.js';
import { StatsController } from './stats/stats.controller.js';

/** Every controller, in the order of the document. */
export const controllers: readonly Type[] = [
  SessionsController,
  BrowsersController,
  PoliciesController,
  AttachmentsController,
  InsightController,
  ClientsController,
  ResourcesController,
  RoutesController,
  AccountsController,
  ApplyController,
  KeysController,
  EventsController,
  ReceiversController,
  StatsController,
  ClockController,
  DocumentController,
  HealthController,
];

/** Every operation there is, as its controller states it. */
export const contracts: readonly OperationContract[] = controllers.flatMap(({ prototype }) =>
  Object.getOwnPropertyNames(prototype).flatMap((name) => {
    const contract: unknown = Reflect.getMetadata(contractKey, prototype[name] as object);
    return contract === undefined ? [] : [contract as OperationContract];
  }),
);
