import type { CurfewWarning } from './deadline-watch.js';

/** The texts of a warning, for a dialog with the role `alertdialog` (WCAG 2.2, 2.2.1). */
export interface CurfewWarningWords {
  readonly title: string;
  readonly text: string;
  /** The label of the button that puts the end off; undefined where nothing can. */
  readonly stay: string | undefined;
  readonly leave: string;
}

/** A time as people say it: exact to the second for the eye would be read out each second. */
function inWords(seconds: number): string {
  if (seconds > 90) return `${Math.round(seconds / 60)} minutes`;
  if (seconds > 45) return 'one minute';
  if (seconds > 10) return `${Math.ceil(seconds / 15) * 15} seconds`;
  return 'a few seconds';
}

/** Says in English what is about to happen. The text changes seldom, so that a screen reader repeats itself seldom. */
export function warningWords(warning: CurfewWarning, secondsLeft: number): CurfewWarningWords {
  const left = inWords(secondsLeft);
  if (warning === 'absolute')
    return {
      title: 'You will have to sign in again',
      text: `This session reaches its maximum age in ${left}. Save your work, then sign in again.`,
      stay: undefined,
      leave: 'Sign out now',
    };
  return {
    title: 'Are you still there?',
    text: `For your safety you will be signed out in ${left}, because nothing has happened for a while.`,
    stay: 'Stay signed in',
    leave: 'Sign out now',
  };
}
