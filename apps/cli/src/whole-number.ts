import { CommandError, exitCodes } from './exit.js';

/** The value of an option that is a whole number. @throws CommandError */
export function wholeNumber(name: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new CommandError(`${name} must be a whole number`, exitCodes.usage);
  return Number(text);
}
