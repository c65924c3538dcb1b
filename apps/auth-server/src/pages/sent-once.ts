import { type Html, html, scriptSource } from '@curfew/pages';

/*
 * A form of a sign-in or a consent is accepted once. A person who clicks twice must not see the refusal of the second request instead of the application. The block lasts a moment only, so a stopped form, or one shown again by going back, can be sent.
 */
const script = 'var sent;onsubmit=function(){if(sent)return false;sent=setTimeout(function(){sent=0},3000)}';

/** Keeps what a page sends from being sent twice by a double click. */
export const sentOnce: Html = html`<script>${script}</script>`;

/** The script of `sentOnce`, as a CSP source expression. */
export const sentOnceScript = scriptSource(script);
