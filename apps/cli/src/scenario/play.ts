import { setTimeout as pause } from 'node:timers/promises';
import { CommandError } from '../exit.js';
import { acts, NotAsExpected, type Scene } from './acts.js';
import { BlockedDatabase } from './blocked-database.store.js';
import { Holders } from './holders.js';
import type { Installation } from './installation.js';
import type { Scenario } from './scenario.js';
import { Stage } from './stage.js';
import type { Step } from './steps.js';

/** The outcome of one step. */
export interface PlayedStep {
  readonly step: Step;
  /** Seconds of the installation's clock since the scenario began. */
  readonly at: number;
  /** The time it took on this machine, in milliseconds. */
  readonly tookMs: number;
  readonly outcome: 'passed' | 'failed' | 'left_out';
  /** A sentence about the outcome, and about the expected one if it differs. */
  readonly told: string;
  /** The session that the step was about; null for a step about none. */
  readonly sid: string | null;
  /** For a token that was denied: milliseconds since the last act before it was done; null otherwise. */
  readonly deniedAfterMs: number | null;
}

/** The outcome of a scenario. */
export interface Played {
  readonly name: string;
  readonly scenario: Scenario;
  readonly steps: readonly PlayedStep[];
  readonly tookMs: number;
  /** Accounts and clients that could not be removed afterwards. */
  readonly left: readonly string[];
  /** Why it could not be played to its end, beside a step that failed. */
  readonly broken: string | null;
}

/** Whether everything happened that was expected. */
export const hasPassed = ({ steps, broken }: Played): boolean =>
  broken === null && steps.every(({ outcome }) => outcome !== 'failed');

/** Steps that move the clock or block the database, which no installation in production may suffer. */
const isIntrusive = ({ name }: Step): boolean => name === 'wait' || name === 'database';

/** Rejects where a scenario may not be played, before anything is made. */
export async function refuseInProduction(
  { admin }: Installation,
  scenarios: readonly Scenario[],
): Promise<void> {
  if (!scenarios.some(({ steps }) => steps.some(isIntrusive))) return;
  const { movable } = await admin.get('/v1/clock');
  if (!movable)
    throw new CommandError(
      'this scenario moves the clock or blocks the database, and this installation lets nobody do that: CURFEW_VIRTUAL_CLOCK is not true here, and in production it never is',
    );
}

/** How a scenario is followed while it is played. */
export interface Following {
  readonly tell: (played: PlayedStep) => void;
  readonly interrupted: AbortSignal;
  /** Milliseconds before each act, so that somebody can watch; 0 unless given. */
  readonly pauseMs?: number;
}

/** Plays a scenario to its end or to the first step that goes another way; each step is told as it happens. */
export async function play(
  installation: Installation,
  name: string,
  scenario: Scenario,
  { tell, interrupted, pauseMs = 0 }: Following,
): Promise<Played> {
  const began = performance.now();
  const steps: PlayedStep[] = [];
  let broken: string | null = null;
  let stage: Stage | undefined;
  let left: readonly string[] = [];
  const database = new BlockedDatabase(installation.databaseUrl);
  try {
    stage = await Stage.setUp(installation, scenario);
    const scene = { stage, holders: new Holders(stage), database };
    const first = stage.now();
    let actedAt = performance.now();
    for (const step of scenario.steps) {
      const isAct = !isLook(step);
      if (isAct && steps.length > 0) await pause(pauseMs, undefined, { signal: interrupted });
      interrupted.throwIfAborted();
      const played = await playStep(scene, step, { first, actedAt });
      if (isAct) actedAt = performance.now();
      steps.push(played);
      tell(played);
      if (played.outcome === 'failed') break;
    }
  } catch (error) {
    broken = interrupted.aborted ? 'interrupted' : toldOf(error);
  } finally {
    // A defect of ours, too, leaves neither a blocked database nor an account behind.
    await database.free();
    left = (await stage?.tearDown()) ?? [];
  }
  return { name, scenario, steps, tookMs: performance.now() - began, left, broken };
}

/** A step that only looks at the effects of the act before it; nothing waits between the two, so that the time to deny is measured. */
const isLook = ({ name, value }: Step): boolean =>
  name === 'session' || (name === 'use' && value.expect === 'denied');

async function playStep(
  scene: Scene,
  step: Step,
  { first, actedAt }: { readonly first: number; readonly actedAt: number },
): Promise<PlayedStep> {
  const began = performance.now();
  const at = Math.round((scene.stage.now() - first) / 1_000);
  const done = (outcome: PlayedStep['outcome'], told: string): PlayedStep => {
    const isDenied = outcome === 'passed' && step.name === 'use' && step.value.expect === 'denied';
    return {
      step,
      at,
      tookMs: performance.now() - began,
      outcome,
      told,
      sid: scene.holders.sessionOf(step),
      deniedAfterMs: isDenied ? performance.now() - actedAt : null,
    };
  };
  if (step.name === 'use' && step.value.at === 'gateway' && !scene.stage.installation.gateway)
    return done('left_out', 'no gateway is known here');
  try {
    const act = acts[step.name] as (scene: Scene, value: unknown) => Promise<string>;
    return done('passed', await act(scene, step.value));
  } catch (error) {
    return done('failed', toldOf(error));
  }
}

/** A sentence about an error, without anything secret; an unexpected error is shown as it is. */
function toldOf(error: unknown): string {
  if (error instanceof NotAsExpected || error instanceof CommandError) return error.message;
  throw error;
}
