import { type Html, html } from './html.js';
import { scriptSource } from './security-headers.js';

/*
 * The form of a sign-in or of a consent is accepted once, and whoever clicks twice must not see the refusal of the second time instead of
 * the application. Only for a moment: what was stopped, or is shown again by going back, can be sent.
 */
const script = 'var sent;onsubmit=function(){if(sent)return false;sent=setTimeout(function(){sent=0},3000)}';

/** Keeps what a page sends from being sent twice by a double click. */
export const sentOnce: Html = html`<script>${script}</script>`;

/** The script of `sentOnce`, as a CSP source expression. */
export const sentOnceScript = scriptSource(script);
