import { revealingScript } from './password-input.js';
import { sentOnceScript } from './sent-once.js';

/** The scripts that may stand on a page with a form, as CSP source expressions. */
export const pageScripts = [sentOnceScript, revealingScript] as const;
