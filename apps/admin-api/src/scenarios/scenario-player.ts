import { randomBytes } from 'node:crypto';
import type { ClientRegistration } from '@curfew/clients';
import type { Configuration } from '@curfew/config';
import type { Foundation } from '@curfew/foundation';
import { newId } from '@curfew/tokens';
import { ProblemError } from '@curfew/web';
import { type Act, adminActed } from '../access/acts.js';
import type { ClientActs } from '../clients/client-acts.js';
import { notFound } from '../contract/problems.js';
import { type RunningCommand, runCommand } from './command-line.js';
import type { ScenarioOnWire, StepOnWire } from './scenario-contracts.js';
import type { PlayOutcome, ScenarioPlaysStore } from './scenario-plays.store.js';

/** The scopes of the player, which the caller must have, too. */
const playerScopes =
  'accounts:read accounts:write clients:write events:read policies:write sessions:read sessions:end';
/** How long each act waits, so that somebody can watch it. */
const pauseBetweenActs = '1s';
const maxPlayMs = 300_000;
/** After a request to stop, what was made is removed within this time. */
const stopGraceMs = 20_000;
const beatMs = 1_000;

/** A line of `curfew scenario run --lines`. */
interface Line {
  readonly played?: StepOnWire & { readonly value?: unknown };
  readonly outcome?: { readonly passed: boolean; readonly broken: string | null };
}

type Parts = Pick<Foundation, 'configuration' | 'prisma' | 'clock' | 'events' | 'log'> & {
  readonly plays: ScenarioPlaysStore;
  readonly clients: ClientActs;
};

/**
 * Plays scenarios for operators who watch. The command line does the playing, in a process of its own (ADR 96): the people, networks and
 * locks of a scenario have no place in the process that administers. It authenticates as a client that is made for one play.
 */
export class ScenarioPlayer {
  /** One scenario is played at a time in the whole installation. */
  #running: RunningCommand | undefined;
  #scenarios: Promise<readonly ScenarioOnWire[]> | undefined;

  constructor(private readonly parts: Parts) {}

  get isOn(): boolean {
    return this.parts.configuration.scenarios;
  }

  get clockMovable(): boolean {
    return this.parts.configuration.virtualClock;
  }

  /** The built-in scenarios. They are files of this version, so they are read once. */
  scenarios(): Promise<readonly ScenarioOnWire[]> {
    this.#scenarios ??= readScenarios().catch((error: unknown) => {
      this.#scenarios = undefined;
      throw error;
    });
    return this.#scenarios;
  }

  /** Begins a play and resolves to its id; it goes on by itself. */
  async start(name: string, act: Act): Promise<string> {
    const { prisma, plays, clients, events } = this.parts;
    const scenario = (await this.scenarios()).find((one) => one.name === name);
    if (!scenario) throw notFound('unknown_scenario', 'There is no such scenario.');
    this.#refuse(scenario);
    await this.#clearGone(act);
    const id = newId(act.now);
    const clientId = `scenario-player-${randomBytes(5).toString('hex')}`;
    const secret = await prisma.$transaction(async (tx) => {
      if (!(await plays.begin({ id, scenario: name, clientId }, act.caller.actor, act.now, tx)))
        throw conflict(
          'scenario_is_playing',
          'Another scenario is being played. Stop it, or wait for its end.',
        );
      const made = await clients.create(playerOf(clientId, this.parts.configuration), act, tx);
      await events.record([adminActed(act.caller, act.operation, name, act.now)], tx);
      return made.secret ?? '';
    });
    void this.#play({ id, name, clientId, secret }, act);
    return id;
  }

  /** Stops what this process plays; the command line removes what it made. */
  async close(): Promise<void> {
    this.#running?.stop();
    await this.#running?.ended;
  }

  #refuse({ moves_clock_seconds: moves, blocks_database: blocks }: ScenarioOnWire): void {
    if (!this.isOn)
      throw conflict(
        'scenarios_are_off',
        'This installation lets nobody play scenarios: CURFEW_SCENARIOS is not true.',
      );
    if ((moves > 0 || blocks) && !this.clockMovable)
      throw conflict(
        'clock_not_movable',
        'This scenario moves the clock or blocks the database, and CURFEW_VIRTUAL_CLOCK is not true.',
      );
  }

  /** Removes the clients of plays whose process is gone. */
  async #clearGone(act: Act): Promise<void> {
    for (const clientId of await this.parts.plays.giveUpGone()) await this.#removeClient(clientId, act);
  }

  async #play(
    play: { readonly id: string; readonly name: string; readonly clientId: string; readonly secret: string },
    act: Act,
  ): Promise<void> {
    const { plays, log } = this.parts;
    const outcome = await this.#follow(play).catch((err: unknown): PlayOutcome => {
      log.error({ err }, 'playing a scenario');
      return { state: 'broken', detail: 'The player failed; the log of the admin API says why.' };
    });
    await this.#removeClient(play.clientId, act);
    await plays
      .finish(play.id, outcome)
      .catch((err: unknown) => log.error({ err }, 'recording the end of a scenario'));
  }

  async #follow({
    id,
    name,
    clientId,
    secret,
  }: {
    id: string;
    name: string;
    clientId: string;
    secret: string;
  }) {
    const { plays, configuration } = this.parts;
    const args = ['--dev-file', configuration.devFile ?? '/nowhere', 'scenario', 'run', name];
    const command = runCommand(
      [...args, '--lines', '--pause', pauseBetweenActs],
      environmentOf(configuration, clientId, secret),
    );
    this.#running = command;
    const bounds = this.#bound(id, command);
    try {
      let last: Line['outcome'];
      for await (const line of command.lines) {
        const { played, outcome } = JSON.parse(line) as Line;
        last = outcome ?? last;
        if (played) await plays.addStep(id, withoutValue(played));
      }
      return outcomeOf(last, await command.ended, bounds.isStopped());
    } finally {
      this.#running = undefined;
      clearInterval(bounds.timer);
      command.kill();
    }
  }

  /** Stops a play that takes too long or that somebody wants stopped, and kills one that does not stop. */
  #bound(
    id: string,
    command: RunningCommand,
  ): { readonly timer: NodeJS.Timeout; readonly isStopped: () => boolean } {
    const began = performance.now();
    let stoppedAt: number | undefined;
    const timer = setInterval(async () => {
      const age = performance.now() - began;
      const isAsked = await this.parts.plays.beat(id).catch(() => false);
      if (stoppedAt === undefined && (isAsked || age > maxPlayMs)) {
        stoppedAt = performance.now();
        command.stop();
      } else if (stoppedAt !== undefined && performance.now() - stoppedAt > stopGraceMs) command.kill();
    }, beatMs);
    return { timer, isStopped: () => stoppedAt !== undefined };
  }

  async #removeClient(clientId: string, act: Act): Promise<void> {
    const { prisma, clients, clock, log } = this.parts;
    const now = clock.now();
    await prisma
      .$transaction((tx) => clients.remove(clientId, { ...act, now }, tx))
      .catch((err: unknown) => log.warn({ err, clientId }, 'removing the client of a scenario'));
  }
}

async function readScenarios(): Promise<readonly ScenarioOnWire[]> {
  const command = runCommand(['scenario', 'list', '--json']);
  let written = '';
  for await (const line of command.lines) written += line;
  const { status, aside } = await command.ended;
  if (status !== 0) throw new Error(`curfew scenario list ended with ${status}: ${aside}`);
  return JSON.parse(written) as readonly ScenarioOnWire[];
}

const playerOf = (
  clientId: string,
  { adminUrl }: Configuration,
): ClientRegistration & { readonly client_id: string } => ({
  client_id: clientId,
  client_name: 'The player of a scenario',
  grant_types: ['client_credentials'],
  token_endpoint_auth_method: 'client_secret_basic',
  resources: [adminUrl],
  scope: playerScopes,
});

function environmentOf(
  { adminUrl, issuer, database, virtualClock }: Configuration,
  clientId: string,
  secret: string,
): Readonly<Record<string, string>> {
  return {
    CURFEW_ADMIN_URL: adminUrl,
    CURFEW_ISSUER: issuer,
    CURFEW_CLI_CLIENT_ID: clientId,
    CURFEW_CLI_CLIENT_SECRET: secret,
    ...(virtualClock ? { DATABASE_URL: database.directUrl.reveal() } : {}),
  };
}

/** The value of a step may name an address or a policy; the words of the scenario say all that is shown. */
const withoutValue = ({ value: _, ...step }: StepOnWire & { readonly value?: unknown }): StepOnWire => step;

function outcomeOf(
  last: Line['outcome'],
  { status, aside }: { readonly status: number | null; readonly aside: string },
  isStopped: boolean,
): PlayOutcome {
  // A player that is stopped before it listens for the signal ends without a word.
  if (!last && isStopped) return { state: 'stopped', detail: null };
  if (!last) return { state: 'broken', detail: aside || `The player ended with status ${status}.` };
  if (last.broken === 'interrupted') return { state: 'stopped', detail: null };
  if (last.broken !== null) return { state: 'broken', detail: last.broken };
  return { state: last.passed ? 'passed' : 'failed', detail: null };
}

const conflict = (code: string, detail: string): ProblemError =>
  new ProblemError({ status: 409, code, detail });
