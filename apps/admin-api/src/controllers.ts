import 'reflect-metadata';
import type { Type } from '@nestjs/common';
import { contractKey, type OperationContract } from './contract/operation.js';
import { HealthController } from './health.controller.js';
import { DocumentController } from './openapi/document.controller.js';
import { SessionsController } from './sessions/sessions.controller.js';

/** Every controller, in the order of the document. */
export const controllers: readonly Type[] = [SessionsController, DocumentController, HealthController];

/** Every operation there is, as its controller states it. */
export const contracts: readonly OperationContract[] = controllers.flatMap(({ prototype }) =>
  Object.getOwnPropertyNames(prototype).flatMap((name) => {
    const contract: unknown = Reflect.getMetadata(contractKey, prototype[name] as object);
    return contract === undefined ? [] : [contract as OperationContract];
  }),
);
