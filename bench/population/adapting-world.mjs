import { randomUUID } from 'node:crypto';
import { ClientService, PolicyService, Registry, registryChannel } from '@curfew/clients';
import { ManualClock } from '@curfew/clock';
import { loadConfiguration } from '@curfew/config';
import { engineOn } from '@curfew/foundation';
import { DatabaseListener, HotStatements, PrismaService } from '@curfew/persistence';
import { unknownSignals } from '@curfew/session-policy';
import { placeOf } from '@curfew/session-policy/trial';
import { KeyRing, newId, newSecret, RefreshTokenCodec, ServiceKeys } from '@curfew/tokens';

const dayMs = 86_400_000;
/** Visits under way at a time. */
const maxLanes = 24;

/**
 * People who live under policies that adapt, in one process: the engine, the registry, the counts and the nightly decision are those of the product, and
 * the time is in the hands of the caller. `parts` are the classes of the admin API that decide, from its sources or as they were built.
 */
export class AdaptingWorld {
  happened = { visits: 0, refreshes: 0, signIns: 0, gaveUp: 0 };
  populations = [];

  static async open(databaseUrl, parts, needed) {
    const configuration = loadConfiguration(
      { DATABASE_URL: databaseUrl, CURFEW_DATABASE_POOL_SIZE: '6', CURFEW_DATABASE_CONNECT_TIMEOUT: '20s' },
      { keys: false },
    );
    const prisma = new PrismaService(configuration.database);
    const hot = new HotStatements(configuration.database, 4);
    const clock = new ManualClock();
    const registry = new Registry(prisma, clock);
    const ways = { url: databaseUrl, through: prisma.direct };
    const listener = new DatabaseListener(ways, [registryChannel], registry.handlers);
    await listener.start();
    registry.trust();
    const faults = [];
    const fault = (...said) => faults.push(said);
    const refreshTokens = new RefreshTokenCodec(
      new KeyRing(new ServiceKeys(['s'.repeat(32)]).derive('refresh token mac')),
    );
    const log = { warn: fault, error: fault };
    const engine = engineOn({ configuration, prisma, hot, refreshTokens, registry, log });
    const policies = new PolicyService(prisma, clock);
    const adaptations = new parts.AdaptationStore(prisma);
    const questions = new parts.InsightQuestions(engine.counts, policies, registry);
    const evidence = new parts.PolicyEvidence(questions, engine.counts, adaptations);
    // A revision by the adaptation asks neither for signals nor for the authority of an operator.
    const acts = new parts.PolicyActs(policies, engine.events);
    const steps = new parts.AdaptationSteps(adaptations, acts, engine.events);
    class Nightly extends parts.NightlyAdaptation {
      needed = needed;
    }
    const nightly = new Nightly(prisma, policies, adaptations, evidence, steps);
    return new AdaptingWorld({
      prisma,
      hot,
      clock,
      registry,
      listener,
      engine,
      policies,
      adaptations,
      nightly,
      faults,
    });
  }

  constructor(members) {
    Object.assign(this, members);
    this.begin = this.clock.now();
  }

  async close() {
    await this.listener.stop();
    await this.engine.announcer.settle();
    await this.hot.close();
    await this.prisma.$disconnect();
  }

  /** A client with people, and a policy of its own that adapts. */
  async add({ name, inForce, truth, plan, ...rest }, settings) {
    const { prisma, clock, policies, adaptations } = this;
    const clients = new ClientService({ prisma, clock, rules: { allowPrivateAddresses: false } });
    const registration = { client_name: name, redirect_uris: ['https://client.example.test/callback'] };
    await clients.create(registration, { id: name });
    const policy = { basedOn: 'standard', inactivityTimeout: `${inForce}s`, absoluteLifetime: '30d' };
    await policies.save({ name, previous: 0, settings: policy, createdBy: 'bench' });
    await policies.attach({ kind: 'client', id: name }, name);
    const state = { rollout: null, tightenedAt: null, stoppedAt: null };
    await prisma.$transaction((tx) =>
      adaptations.write({ policy: name, settings, state, decidedAt: null, decision: null }, tx),
    );
    const accounts = Array.from({ length: truth.people }, (_, person) => accountOf(person));
    this.populations.push({ name, truth, plan, accounts, nights: [], ...rest });
  }

  /** Lives a day of every population, and decides in the night after it. */
  async live(day) {
    const { engine, clock } = this;
    clock.set(this.begin + day * dayMs);
    for (const { name, releasedOn } of this.populations)
      if (releasedOn === day)
        await this.prisma.$transaction((tx) => this.adaptations.release(name, clock.now(), 'bench', tx));
    const visits = this.populations.flatMap((population) =>
      population.plan[day].map((one) => ({ population, ...one })),
    );
    const next = visits.values();
    await Promise.all(
      Array.from({ length: maxLanes }, async () => {
        for (const visit of next) await this.#visit(visit, clock.now());
      }),
    );
    const night = clock.set(this.begin + (day + 1) * dayMs + 60_000);
    engine.sweeper.policiesChanged();
    while (await engine.sweeper.run(night));
    await engine.countsWriter.flush();
    await this.nightly.run(night);
    // Other processes hear of a revision by its announcement; here nothing of yesterday is to be answered from memory.
    this.registry.trust();
    for (const population of this.populations) population.nights.push(await this.#night(population));
    if (this.faults.length > 0) throw new AggregateError(this.faults.flat(), 'the engine reported faults');
  }

  /** What was decided of a policy, and what it is now. */
  async #night({ name }) {
    const { decision, state } = await this.adaptations.find(name);
    const { policy, createdBy, version } = await this.policies.find(name);
    const { inactivityTimeout, canary } = policy;
    return { ...decision, inactivityTimeout, canary, createdBy, version, rollout: state.rollout };
  }

  /** A visit: a person signs in, refreshes after each silence, and where the session is over signs in again or gives up. */
  async #visit({ population, person, visit }, midnight) {
    const { accounts, truth, canaryGiveUpShare = truth.giveUpShare, name } = population;
    const who = { clientId: name, accountId: accounts[person] };
    let at = midnight + Math.round(visit.startsAt * 1_000);
    this.happened.visits += 1;
    let session = await this.#signIn(who, at);
    for (const { length, patience } of visit.silences) {
      at += Math.round(length * 1_000);
      if (await this.#refresh(session, at)) continue;
      const share = session.arm === 1 ? canaryGiveUpShare : truth.giveUpShare;
      if (patience < share) {
        this.happened.gaveUp += 1;
        return;
      }
      session = await this.#signIn(who, at);
    }
  }

  async #signIn({ clientId, accountId }, at) {
    const { sessions } = this.engine;
    const policy = await sessions.policyFor(clientId, [], accountId);
    const [id, secret] = [newId(at), newSecret()];
    const facts = { id, accountId, clientId, resources: [], signedInAt: at, baseline: unknownSignals };
    await sessions.start(
      {
        facts: { ...facts, authenticatedAt: null, keyThumbprint: null },
        ...{ browserSessionUid: null, offline: false, authorization: {}, authenticatedAt: null },
        refreshTokenSecret: secret,
      },
      policy,
      at,
      async () => {},
    );
    this.happened.signIns += 1;
    return { clientId, arm: policy.trial?.canary?.arm, token: sessions.refreshToken(id, 0, secret) };
  }

  /** False where the session is over. */
  async #refresh(session, at) {
    const { sessions } = this.engine;
    const opened = await sessions.openRefreshToken(session.token);
    const presenter = { clientId: session.clientId, keyThumbprint: null, signals: unknownSignals };
    const outcome = await sessions.present(opened, presenter, at);
    if (outcome.kind === 'refused') return false;
    const committed = await outcome.staged.commit();
    if (committed.kind === 'refused') return false;
    session.token = committed.refreshToken;
    this.happened.refreshes += 1;
    return true;
  }
}

/** An account in the fold of its number and at a place of a canary that says nothing of it, so that few people are spread as evenly as many are. */
function accountOf(person) {
  for (;;) {
    const id = `${randomUUID().slice(0, -1)}${(person % 16).toString(16)}`;
    if (placeOf(id) === (person * 37) % 100) return id;
  }
}
