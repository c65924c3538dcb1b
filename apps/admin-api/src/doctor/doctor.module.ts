import {
  administratorsIn,
  checkAddresses,
  checkCertificate,
  checkDatabase,
  checkGateway,
  checkKeys,
  checkMail,
  checkMetadata,
  checkProviders,
  checkReady,
  checkReceivers,
  checkStateFolder,
  checkTransmitters,
  checkWork,
} from '@curfew/doctor';
import { Receivers } from '@curfew/events/delivery';
import { type Foundation, foundationToken } from '@curfew/foundation';
import { MailStore } from '@curfew/mail';
import { Module } from '@nestjs/common';
import { KeysModule } from '../keys/keys.module.js';
import { KeysStore } from '../keys/keys.store.js';
import { ReceiversModule } from '../receivers/receivers.module.js';
import { FiguresModule } from '../stats/figures.module.js';
import { Stats } from '../stats/stats.js';
import { DoctorController } from './doctor.controller.js';
import { type Checks, Doctor } from './doctor.js';

/** The checks that need nothing but the configuration. A process has proved its own settings by its start, so they are not among them. */
const ofAddresses = ({ configuration, prisma }: Foundation): Checks => {
  const { database, issuer, adminUrl, gatewayUrl } = configuration;
  return {
    database: () => checkDatabase(database.url.reveal()),
    'ways to the database': () => checkAddresses(configuration),
    administrators: async () => [await administratorsIn(prisma, adminUrl)],
    'state folder': () => [checkStateFolder(database.stateFolder)],
    'authorization server': async () => [
      await checkReady('authorization server', issuer, 'is it running (npm start)?'),
    ],
    metadata: async () => [await checkMetadata(issuer)],
    'admin API': async () => [await checkReady('admin API', adminUrl, 'is CURFEW_ADMIN_URL right?')],
    gateway: async () => [await checkGateway(gatewayUrl)],
    'certificate of the issuer': async () => [await checkCertificate('certificate of the issuer', issuer)],
  };
};

const doctorOn = (
  foundation: Foundation,
  keys: KeysStore,
  stats: Stats,
  mails: MailStore,
  receivers: Receivers,
): Doctor =>
  new Doctor(
    {
      ...ofAddresses(foundation),
      'signing keys': async (now) => [checkKeys(await keys.states(foundation.keyStore.unreadable, now))],
      sessions: async (now) => [checkWork((await stats.read(now)).figures)],
      mail: async (now) => [checkMail(await mails.depth(now))],
      'identity providers': async () => [checkProviders(await foundation.identityProviders.examined())],
      receivers: async () => [checkReceivers(await receivers.list())],
      transmitters: async () => [checkTransmitters(await foundation.transmitters.examined())],
    },
    foundation.log,
  );

/** Checks of the installation that operators ask for. */
@Module({
  imports: [FiguresModule, KeysModule, ReceiversModule],
  controllers: [DoctorController],
  providers: [
    {
      provide: Doctor,
      useFactory: doctorOn,
      inject: [foundationToken, KeysStore, Stats, MailStore, Receivers],
    },
  ],
})
export class DoctorModule {}
