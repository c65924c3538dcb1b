import { type Foundation, foundationToken } from '@curfew/foundation';
import { Module } from '@nestjs/common';
import { ClientActs } from '../clients/client-acts.js';
import { ClientsModule } from '../clients/clients.module.js';
import { ScenarioPlayer } from './scenario-player.js';
import { ScenarioPlaysStore } from './scenario-plays.store.js';
import { ScenariosController } from './scenarios.controller.js';

const playsOn = ({ prisma }: Foundation): ScenarioPlaysStore => new ScenarioPlaysStore(prisma);

const playerOn = (foundation: Foundation, plays: ScenarioPlaysStore, clients: ClientActs): ScenarioPlayer =>
  new ScenarioPlayer({ ...foundation, plays, clients });

/** Scenarios that operators play and watch. */
@Module({
  imports: [ClientsModule],
  controllers: [ScenariosController],
  providers: [
    { provide: ScenarioPlaysStore, useFactory: playsOn, inject: [foundationToken] },
    {
      provide: ScenarioPlayer,
      useFactory: playerOn,
      inject: [foundationToken, ScenarioPlaysStore, ClientActs],
    },
  ],
})
export class ScenariosModule {}
