import 'reflect-metadata';
import type { Type } from '@nestjs/common';
import { AccountsModule } from './accounts/accounts.module.js';
import { AdaptationModule } from './adaptation/adaptation.module.js';
import { ApplyModule } from './apply/apply.module.js';
import { BrowsersModule } from './browsers/browsers.module.js';
import { CallerModule } from './caller/caller.module.js';
import { ClientsModule } from './clients/clients.module.js';
import { ClockModule } from './clock/clock.module.js';
import { ComplianceModule } from './compliance/compliance.module.js';
import { contractKey, type OperationContract } from './contract/operation.js';
import { DoctorModule } from './doctor/doctor.module.js';
import { EventsModule } from './events/events.module.js';
import { HealthController } from './health.controller.js';
import { IdentityProvidersModule } from './identity-providers/identity-providers.module.js';
import { InsightModule } from './insight/insight.module.js';
import { KeysModule } from './keys/keys.module.js';
import { DocumentController } from './openapi/document.controller.js';
import { PersonalDataModule } from './personal-data/personal-data.module.js';
import { PoliciesModule } from './policies/policies.module.js';
import { ReceiversModule } from './receivers/receivers.module.js';
import { ResourcesModule } from './resources/resources.module.js';
import { RoutesModule } from './routes/routes.module.js';
import { ScenariosModule } from './scenarios/scenarios.module.js';
import { ScimModule } from './scim/scim.module.js';
import { SessionsModule } from './sessions/sessions.module.js';
import { StatsModule } from './stats/stats.module.js';
import { TransmittersModule } from './transmitters/transmitters.module.js';
import { TrialsModule } from './trials/trials.module.js';

/** A module for each kind of thing the API has, in the order of the document. */
export const features: readonly Type[] = [
  SessionsModule,
  BrowsersModule,
  PoliciesModule,
  TrialsModule,
  InsightModule,
  AdaptationModule,
  ClientsModule,
  ResourcesModule,
  RoutesModule,
  AccountsModule,
  IdentityProvidersModule,
  ScimModule,
  PersonalDataModule,
  ApplyModule,
  KeysModule,
  EventsModule,
  ReceiversModule,
  TransmittersModule,
  ComplianceModule,
  StatsModule,
  DoctorModule,
  CallerModule,
  ClockModule,
  ScenariosModule,
];

/** Controllers that are about the API itself. */
export const ownControllers: readonly Type[] = [DocumentController, HealthController];

/** Every controller, in the order of the document. */
const controllers = [
  ...features.flatMap((feature) => Reflect.getMetadata('controllers', feature) as readonly Type[]),
  ...ownControllers,
];

/** Every operation there is, as its controller states it. */
export const contracts: readonly OperationContract[] = controllers.flatMap(({ prototype }) =>
  Object.getOwnPropertyNames(prototype).flatMap((name) => {
    const contract: unknown = Reflect.getMetadata(contractKey, prototype[name] as object);
    return contract === undefined ? [] : [contract as OperationContract];
  }),
);
