import { type Html, html, type Language, scriptSource } from '@curfew/pages';

/*
 * The button stands on the page for scripts to show, so without script there is none. The field is a password again when its form is sent, so
 * that browsers do not remember it as a text. The names stand in regular expressions because no quote may be in it.
 */
const script =
  'document.querySelectorAll(/button.reveal/.source).forEach(function(b){var f=b.previousElementSibling;function show(on){f.type=on?/text/.source:/password/.source;b.setAttribute(/aria-pressed/.source,on)}show(false);b.hidden=false;b.onclick=function(){show(f.type==/password/.source);f.focus()};f.form.addEventListener(/submit/.source,function(){show(false)})})';

/** Lets a person see what they type into the password fields of a page; it stands behind them. */
export const revealing: Html = html`<script>${script}</script>`;

/** The script of `revealing`, as a CSP source expression. */
export const revealingScript = scriptSource(script);

/** A field for a password, with the button that shows what was typed (NIST SP 800-63B-4 §3.1.1.2). The attributes are those of the field. */
export const passwordInput = ({ say }: Language, attributes: Html): Html =>
  html`<div class="secret"><input${attributes} type="password" maxlength="1024" required><button type="button" class="reveal" hidden>${say('field.show_password')}</button></div>`;
