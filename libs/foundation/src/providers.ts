import { AccountService, ConsentService, Profiles, Throttle } from '@curfew/accounts';
import { Passkeys, SecondFactors } from '@curfew/accounts/factors';
import { IdentityProviders, LinkedIdentities } from '@curfew/accounts/identity-providers';
import { ClientService, PolicyService, Registry, ResourceService } from '@curfew/clients';
import { ClientHosts } from '@curfew/clients/client-documents';
import { Clock } from '@curfew/clock';
import { EventLog } from '@curfew/events';
import { Transmitters } from '@curfew/events/transmitters';
import { CountsStore } from '@curfew/insight';
import { MailStore, OneTimeLinks } from '@curfew/mail';
import { OperationParts } from '@curfew/operations';
import { DatabaseGuard, PrismaService } from '@curfew/persistence';
import { BrowserSessionQueries, SessionQueries, SessionService } from '@curfew/sessions';
import { TimeoutReturns } from '@curfew/sessions/store';
import { SignalsReader } from '@curfew/signals';
import { KeyStore } from '@curfew/tokens';
import type { Foundation } from './open-foundation.js';

/** Stands for the whole foundation among the providers. */
export const foundationToken = Symbol('Foundation');

/** The foundation as providers of a Nest module: controllers ask for its members by their classes. */
export const foundationProviders = (foundation: Foundation) => [
  { provide: PrismaService, useValue: foundation.prisma },
  { provide: DatabaseGuard, useValue: foundation.guard },
  { provide: Clock, useValue: foundation.clock },
  { provide: AccountService, useValue: foundation.accounts },
  { provide: ConsentService, useValue: foundation.consents },
  { provide: Passkeys, useValue: foundation.passkeys },
  { provide: SecondFactors, useValue: foundation.secondFactors },
  { provide: Profiles, useValue: foundation.profiles },
  { provide: IdentityProviders, useValue: foundation.identityProviders },
  { provide: LinkedIdentities, useValue: foundation.identities },
  { provide: Transmitters, useValue: foundation.transmitters },
  { provide: OneTimeLinks, useValue: foundation.links },
  { provide: Throttle, useValue: foundation.throttle },
  { provide: MailStore, useValue: foundation.mails },
  { provide: ClientService, useValue: foundation.clients },
  { provide: ClientHosts, useValue: foundation.clientHosts },
  { provide: ResourceService, useValue: foundation.resources },
  { provide: PolicyService, useValue: foundation.policies },
  { provide: Registry, useValue: foundation.registry },
  { provide: CountsStore, useValue: foundation.counts },
  { provide: TimeoutReturns, useValue: foundation.timeoutReturns },
  { provide: EventLog, useValue: foundation.events },
  { provide: KeyStore, useValue: foundation.keyStore },
  { provide: SessionService, useValue: foundation.sessions },
  { provide: SessionQueries, useValue: foundation.queries },
  { provide: BrowserSessionQueries, useValue: foundation.browsers },
  { provide: OperationParts, useValue: foundation },
  { provide: SignalsReader, useValue: foundation.signals },
];
