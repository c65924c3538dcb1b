import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Html, html, type Language, type PlainKey } from '@curfew/pages';

/** The ceremonies in a browser, as a script that defines `SimpleWebAuthnBrowser`. It stands beside the modules of the package. */
const library = (): string => {
  const entry = import.meta.resolve('@simplewebauthn/browser');
  return readFileSync(fileURLToPath(new URL('../dist/bundle/index.umd.min.js', entry)), 'utf8');
};

/*
 * A button that begins a ceremony is hidden until the browser turns out to know passkeys, so that a page without script shows what works
 * without it. The answer goes into the form's field `credential`, and fields that the passkey stands in for are not sent.
 */
const ceremonies = `(() => {
  const { browserSupportsWebAuthn, browserSupportsWebAuthnAutofill, startAuthentication, startRegistration } = SimpleWebAuthnBrowser;
  if (!browserSupportsWebAuthn()) return;
  for (const button of document.querySelectorAll('button[data-passkey]')) {
    const { form } = button;
    const optionsJSON = JSON.parse(button.dataset.passkey);
    const ceremony = 'user' in optionsJSON ? startRegistration : startAuthentication;
    const problem = form.querySelector('[data-passkey-problem]');
    const send = (answer) => {
      form.elements.credential.value = JSON.stringify(answer);
      for (const field of form.querySelectorAll('[data-instead]')) field.disabled = true;
      form.requestSubmit();
    };
    button.hidden = false;
    button.addEventListener('click', async () => {
      problem.hidden = true;
      try {
        send(await ceremony({ optionsJSON }));
      } catch {
        problem.hidden = false;
      }
    });
    if ('autofill' in button.dataset)
      browserSupportsWebAuthnAutofill()
        .then((knows) => knows && startAuthentication({ optionsJSON, useBrowserAutofill: true }).then(send))
        .catch(() => undefined);
  }
})();`;

/** The script of pages on which a passkey can be used. */
export const passkeyScript = `${library()}\n${ceremonies}\n`;

/** SHA-256 of the script in its name, so that it can be cached for ever and changes its address when it changes. */
export const passkeyScriptPath = `/assets/passkeys-${createHash('sha256').update(passkeyScript).digest('hex').slice(0, 16)}.js`;

/** A ceremony to offer: its options, or undefined where this installation has no passkeys. */
export type PasskeyOffer = Readonly<Record<string, unknown>> | undefined;

interface PasskeyButton {
  readonly label?: PlainKey;
  /** Whether the browser also offers passkeys beside the username (WebAuthn §5.1.4, conditional mediation). */
  readonly autofill?: boolean;
  readonly plain?: boolean;
}

/** The part of a form that begins a ceremony and carries its answer; nothing where none is offered. */
export const passkeyButton = (
  offer: PasskeyOffer,
  { say }: Language,
  { label = 'passkey.use', autofill = false, plain = false }: PasskeyButton = {},
): Html | undefined =>
  offer &&
  html`<input type="hidden" name="credential" value="">
<p class="problem" role="alert" data-passkey-problem hidden>${say('passkey.not_used')}</p>
<button type="button" class="${plain ? 'plain full' : 'full'}" hidden data-passkey="${JSON.stringify(offer)}"${autofill && html` data-autofill=""`}>${say(label)}</button>`;

/** Loads the script, where a ceremony is offered. */
export const passkeyScriptOf = (offer: PasskeyOffer, base = ''): Html | undefined =>
  offer && html`<script src="${base}${passkeyScriptPath}" defer></script>`;
