import type { Settings } from './options.js';
import { momentAgo, passedSince } from './passed-time.js';
import type { SessionKeeper } from './session-keeper.js';

/** The end of which a person is warned: `idle` can be put off, `absolute` cannot. */
export type CurfewWarning = 'idle' | 'absolute';

/** The clocks of the session in whole seconds from now; undefined where the server has no such limit. */
export interface CurfewClocks {
  readonly idle: number | undefined;
  readonly absolute: number | undefined;
}

/** Between two looks at the clocks; a timer that a sleeping device missed comes as soon as it wakes. */
const lookMs = 1_000;
/** A question that could not be asked is asked again after this time. */
const againMs = 5_000;

/** Looks at the clocks: asks the server when one of them runs out here, and says from when on people are to be warned. */
export class DeadlineWatch {
  #warning: CurfewWarning | undefined;
  #asked = momentAgo(againMs);

  constructor(
    private readonly settings: Settings,
    private readonly keeper: SessionKeeper,
    private readonly warn: (warning: CurfewWarning | undefined) => void,
  ) {
    setInterval(() => this.look(), lookMs);
    for (const event of ['pageshow', 'focus', 'online']) addEventListener(event, () => this.look(true));
    document.addEventListener('visibilitychange', () => this.look(true));
  }

  get #absoluteWarning(): number {
    return this.settings.absoluteWarning * 1000;
  }

  get warning(): CurfewWarning | undefined {
    return this.#warning;
  }

  /** The clocks as they stand now. */
  get clocks(): CurfewClocks | undefined {
    const { clocks } = this.keeper;
    if (!clocks) return undefined;
    const passed = passedSince(clocks.at);
    const left = (told: number) =>
      Number.isFinite(told) ? Math.max(0, Math.ceil((told - passed) / 1000)) : undefined;
    return { idle: left(clocks.idle), absolute: left(clocks.absolute) };
  }

  /** Takes notice of the clocks; `eagerly` when the page comes into sight again, because much may have happened meanwhile. */
  look(eagerly = false): void {
    this.#note();
    if (!this.keeper.tokens || passedSince(this.#asked) < againMs || !this.#isDue(eagerly)) return;
    this.#asked = momentAgo();
    // Without an answer everything stands as it was, and the next look asks again.
    this.keeper.check().catch(() => {});
  }

  #isDue(eagerly: boolean): boolean {
    const { clocks } = this.keeper;
    if (!clocks) return true;
    const passed = passedSince(clocks.at);
    const isOver = passed >= Math.min(clocks.idle, clocks.absolute);
    // Another tab or an API may have put the idle end off, so the server is asked before anybody is warned.
    const isWarningDue = [clocks.warning, clocks.absolute - this.#absoluteWarning].some(
      (told) => told > 0 && passed >= told,
    );
    const isInSight = document.visibilityState === 'visible';
    return isOver || isWarningDue || (isInSight && (eagerly || passed >= this.settings.watchEvery * 1000));
  }

  /** Warns by the word of the server alone: the clock of this device may have been set. */
  #note(): void {
    const { clocks } = this.keeper;
    let next: CurfewWarning | undefined;
    if (clocks && clocks.absolute <= Math.min(clocks.idle, this.#absoluteWarning)) next = 'absolute';
    else if (clocks && clocks.warning <= 0) next = 'idle';
    if (next === this.#warning) return;
    this.#warning = next;
    this.warn(next);
  }
}
